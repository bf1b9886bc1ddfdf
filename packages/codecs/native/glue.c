/*
 * FFmpeg's demuxers and audio decoders behind ten functions, for WebAssembly. One instance reads one file.
 * `io_read` may suspend (Binaryen's Asyncify): what can stand on the stack at that moment is libavformat and the
 * functions here that call it.
 */
#include <stdio.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/mem.h>

#define IMPORT(name) __attribute__((import_module("env"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

/** Fills up to `size` bytes from the position; 0 at the end. Suspends while bytes are on their way. */
IMPORT(io_read) int io_read(uint8_t *to, int size);
/** Goes to a position; or, with `whence` AVSEEK_SIZE, gives the size, 0 where it is not known. Below 0: cannot. */
IMPORT(io_seek) double io_seek(double position, int whence);
/** Whether to give up. */
IMPORT(io_stop) int io_stop(void);
/** What FFmpeg has to say about the file. */
IMPORT(io_log) void io_log(int level, const char *text, int length);

#define IO_BUFFER (1 << 15)
/** Packets and failures in a row without a sample, after which the caller gets its turn. */
#define MAX_STEPS 64
#define ASYNC_STACK (1 << 17)

/** Asyncify's area: where the next byte goes, where it ends, then the bytes. */
static struct { uint32_t next, end; uint8_t bytes[ASYNC_STACK]; } async_area;
static AVFormatContext *format;
static AVCodecContext *decoder;
static AVStream *stream;
static AVPacket *packet;
static AVFrame *frame;
static float *samples;
static unsigned samples_bytes;
static int draining, failures;

/* wasi-libc has no temporary files; FFmpeg's helper for them is never called here. */
char *tempnam(const char *folder, const char *prefix) { return NULL; }

static int read_bytes(void *opaque, uint8_t *to, int size)
{
    int count = io_read(to, size);
    return count > 0 ? count : count < 0 ? AVERROR(EIO) : AVERROR_EOF;
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
    double at = io_seek((double)offset, whence & AVSEEK_SIZE ? AVSEEK_SIZE : whence & 3);
    return at < 0 ? AVERROR(ENOSYS) : (int64_t)at;
}

static int stop(void *opaque) { return io_stop(); }

static void log_line(void *context, int level, const char *pattern, va_list arguments)
{
    char line[256];
    int length;
    if (level > AV_LOG_WARNING)
        return;
    length = vsnprintf(line, sizeof line, pattern, arguments);
    if (length > 0)
        io_log(level, line, length < (int)sizeof line ? length : (int)sizeof line - 1);
}

EXPORT(vf_async) void *vf_async(void)
{
    async_area.next = (uint32_t)async_area.bytes;
    async_area.end = (uint32_t)(async_area.bytes + ASYNC_STACK);
    return &async_area;
}

/** Finds the format, the audio stream and its decoder. 0, or one of FFmpeg's errors. */
EXPORT(vf_open) int vf_open(int seekable)
{
    uint8_t *buffer;
    const AVCodec *codec = NULL;
    int status, index;
    unsigned i;
    av_log_set_callback(log_line);
    if (!(buffer = av_malloc(IO_BUFFER)) || !(format = avformat_alloc_context()) || !(packet = av_packet_alloc()) ||
        !(frame = av_frame_alloc()))
        return AVERROR(ENOMEM);
    /* Also where there is no way back: without a size of 0, the MP3 demuxer takes every stream for a cut file. */
    format->pb = avio_alloc_context(buffer, IO_BUFFER, 0, NULL, read_bytes, NULL, seek_bytes);
    if (!format->pb)
        return AVERROR(ENOMEM);
    if (!seekable)
        format->pb->seekable = 0;
    format->interrupt_callback.callback = stop;
    if ((status = avformat_open_input(&format, "", NULL, NULL)) < 0)
        return status;
    /* Pictures and subtitles are not looked into. */
    if ((status = avformat_find_stream_info(format, NULL)) < 0)
        return status;
    if ((index = av_find_best_stream(format, AVMEDIA_TYPE_AUDIO, -1, -1, &codec, 0)) < 0)
        return index;
    stream = format->streams[index];
    for (i = 0; i < format->nb_streams; i++)
        if (i != (unsigned)index)
            format->streams[i]->discard = AVDISCARD_ALL;
    if (!(decoder = avcodec_alloc_context3(codec)))
        return AVERROR(ENOMEM);
    if ((status = avcodec_parameters_to_context(decoder, stream->codecpar)) < 0)
        return status;
    decoder->pkt_timebase = stream->time_base;
    return avcodec_open2(decoder, codec, NULL);
}

EXPORT(vf_format) const char *vf_format(void) { return format && format->iformat ? format->iformat->name : ""; }
EXPORT(vf_codec) const char *vf_codec(void) { return stream ? avcodec_get_name(stream->codecpar->codec_id) : ""; }

/** Seconds that the file claims; 0 where it says nothing, or where they would be a guess by the bit rate. */
EXPORT(vf_claimed) double vf_claimed(void)
{
    if (!format || !stream || format->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE)
        return 0;
    if (stream->duration > 0)
        return stream->duration * av_q2d(stream->time_base);
    return format->duration > 0 ? format->duration / (double)AV_TIME_BASE : 0;
}

EXPORT(vf_rate) int vf_rate(void) { return frame ? frame->sample_rate : 0; }
EXPORT(vf_channels) int vf_channels(void) { return frame ? frame->ch_layout.nb_channels : 0; }
EXPORT(vf_failures) int vf_failures(void) { return failures; }
EXPORT(vf_samples) float *vf_samples(void) { return samples; }

#define CONVERT(type, expression)                                                          \
    for (channel = 0; channel < channels; channel++) {                                     \
        const type *from = (const type *)frame->extended_data[planar ? channel : 0];       \
        float *to = samples + (size_t)channel * count;                                     \
        int step = planar ? 1 : channels, at = planar ? 0 : channel;                       \
        for (i = 0; i < count; i++, at += step) {                                          \
            type value = from[at];                                                         \
            to[i] = (float)(expression);                                                   \
        }                                                                                  \
    }                                                                                      \
    break

/** The frame as float32, one channel after the other. The number of samples a channel. */
static int convert(void)
{
    int i, channel, count = frame->nb_samples, channels = frame->ch_layout.nb_channels;
    int planar = av_sample_fmt_is_planar(frame->format);
    if (count <= 0 || channels <= 0 || frame->sample_rate <= 0)
        return 0;
    av_fast_malloc(&samples, &samples_bytes, sizeof(float) * count * channels);
    if (!samples)
        return AVERROR(ENOMEM);
    switch (av_get_packed_sample_fmt(frame->format)) {
    case AV_SAMPLE_FMT_U8: CONVERT(uint8_t, (value - 128) / 128.0f);
    case AV_SAMPLE_FMT_S16: CONVERT(int16_t, value / 32768.0f);
    case AV_SAMPLE_FMT_S32: CONVERT(int32_t, value / 2147483648.0);
    case AV_SAMPLE_FMT_S64: CONVERT(int64_t, value / 9223372036854775808.0);
    case AV_SAMPLE_FMT_FLT: CONVERT(float, value);
    case AV_SAMPLE_FMT_DBL: CONVERT(double, value);
    default: return AVERROR(EINVAL);
    }
    return count;
}

/** The next samples: how many a channel, 0 at the end, AVERROR(EAGAIN) to be called again, or one of FFmpeg's errors. */
EXPORT(vf_next) int vf_next(void)
{
    int step, status;
    for (step = 0; step < MAX_STEPS; step++) {
        av_frame_unref(frame);
        status = avcodec_receive_frame(decoder, frame);
        if (status == AVERROR_EOF)
            return 0;
        if (status >= 0) {
            if ((status = convert()) != 0)
                return status;
            continue;
        }
        if (status != AVERROR(EAGAIN)) {
            failures++;
            if (draining)
                return 0;
            continue;
        }
        if (draining)
            return 0;
        status = av_read_frame(format, packet);
        if (status == AVERROR(EAGAIN))
            continue;
        if (status < 0) {
            draining = 1;
            failures += status != AVERROR_EOF;
            if (status == AVERROR(ENOMEM))
                return status;
            avcodec_send_packet(decoder, NULL);
            continue;
        }
        if (packet->stream_index == stream->index) {
            failures += (packet->flags & AV_PKT_FLAG_CORRUPT) != 0;
            status = avcodec_send_packet(decoder, packet);
            failures += status < 0 && status != AVERROR(EAGAIN);
        }
        av_packet_unref(packet);
    }
    return AVERROR(EAGAIN);
}
