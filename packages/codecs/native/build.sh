#!/usr/bin/env bash
# build.sh [FOLDER]: makes ../voiceflow-codecs.wasm from Debian 12's FFmpeg source package and its WASI toolchain.
#   apt-get install clang lld llvm wasi-libc libclang-rt-14-dev-wasm32 binaryen make dpkg-dev xz-utils
# FOLDER holds the source: ffmpeg_5.1.9.orig.tar.xz and ffmpeg_5.1.9-0+deb12u1.debian.tar.xz. Without it, `apt-get
# source` fetches them (which needs a deb-src entry). About three minutes on two cores.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=5.1.9 debian=0+deb12u1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "${1:-$work}"
[ -f "ffmpeg_$version.orig.tar.xz" ] || apt-get source --download-only "ffmpeg=7:$version-$debian"
sha256sum -c --quiet "$here/source.sha256"
tar xf "ffmpeg_$version.orig.tar.xz" -C "$work"
tar xf "ffmpeg_$version-$debian.debian.tar.xz" -C "$work"
cd "$work"
while read -r patch; do patch -s -d "ffmpeg-$version" -p1 <"debian/patches/$patch"; done <debian/patches/series

join() { local IFS=,; echo "$*"; }
demuxers=(aac ac3 eac3 aiff amr amrnb amrwb ape asf au avi caf flac flv gsm loas matroska mov mp3 mpegps mpegts ogg tta w64 wav wv)
decoders=(aac aac_latm ac3 eac3 adpcm_g722 adpcm_g726 adpcm_g726le adpcm_ima_qt adpcm_ima_wav adpcm_ms adpcm_swf
  adpcm_yamaha alac amrnb amrwb ape flac gsm gsm_ms mp1float mp2float mp3float opus speex truespeech tta vorbis wavpack
  wmapro wmav1 wmav2 wmavoice pcm_alaw pcm_mulaw pcm_bluray pcm_dvd pcm_lxf pcm_vidc pcm_s8 pcm_u8 pcm_f16le pcm_f24le
  pcm_{f32,f64,s16,s24,s32,s64,u16,u24,u32}{le,be})
parsers=(aac aac_latm ac3 amr flac gsm mpegaudio opus vorbis)
flags="--target=wasm32-wasi -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_SIGNAL -include $here/shim.h"
mkdir build && cd build
# Nothing of the GPL is enabled: FFmpeg says "License: LGPL version 2.1 or later".
../ffmpeg-$version/configure --arch=wasm32 --target-os=none --enable-cross-compile \
  --cc=clang --cxx=clang++ --ld=clang --ar=llvm-ar --ranlib=llvm-ranlib --nm=llvm-nm \
  --disable-everything --disable-autodetect --disable-programs --disable-doc --disable-network --disable-debug \
  --disable-pthreads --disable-asm --disable-avdevice --disable-avfilter --disable-swscale --disable-postproc \
  --disable-error-resilience --disable-dwt --disable-faan --disable-pixelutils --enable-swresample --optflags=-Os \
  --enable-demuxer="$(join "${demuxers[@]}")" --enable-decoder="$(join "${decoders[@]}")" \
  --enable-parser="$(join "${parsers[@]}")" --extra-cflags="$flags" \
  --extra-ldflags='--target=wasm32-wasi -lwasi-emulated-process-clocks -lwasi-emulated-signal' >configure.log
grep -q '^License: LGPL version 2.1 or later' configure.log
make -j"$(nproc)" >make.log 2>&1 || { tail -20 make.log; exit 1; }

clang $flags -Os -Wall -I. -I../ffmpeg-$version -c "$here/glue.c" -o glue.o
# -O0: with more, clang's driver runs wasm-opt itself and drops the names that Asyncify's list needs.
clang --target=wasm32-wasi -O0 -mexec-model=reactor glue.o libavformat/libavformat.a libavcodec/libavcodec.a \
  libswresample/libswresample.a libavutil/libavutil.a -lm -lwasi-emulated-process-clocks -lwasi-emulated-signal \
  -Wl,--import-memory -Wl,--initial-memory=5242880 -Wl,--max-memory=536870912 -Wl,-z,stack-size=2097152 \
  -Wl,--stack-first -Wl,--gc-sections -o raw.wasm
# What may stand on the stack while bytes are fetched: libavformat, and what of glue.c calls it. A static name that
# several files have gets a suffix.
{ llvm-nm --defined-only --format=just-symbols libavformat/libavformat.a | grep -E '^[A-Za-z_][A-Za-z0-9_.]*$' || true
  printf '%s\n' read_bytes vf_open vf_next; } | sort -u | awk '{ print; print $0 "_*"; print $0 ".*" }' | paste -sd, >suspending.txt
wasm-opt raw.wasm --asyncify --pass-arg=asyncify-imports@env.io_read --pass-arg=asyncify-onlylist@@suspending.txt \
  -g -o async.wasm 2>asyncify.log
wasm-opt async.wasm -Os --strip-debug --strip-producers -o "$here/../voiceflow-codecs.wasm"
(cd "$here/.." && sha256sum voiceflow-codecs.wasm && ls -l voiceflow-codecs.wasm)
