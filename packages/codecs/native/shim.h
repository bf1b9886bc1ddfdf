/* wasi-libc has no temporary files; FFmpeg's helper for them is never called here (glue.c defines it). */
#ifndef __ASSEMBLER__
char *tempnam(const char *folder, const char *prefix);
#endif
