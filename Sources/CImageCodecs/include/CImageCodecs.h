/* libpng and libtiff behind plain functions.
 *
 * No longjmp and no callback crosses this border: each function returns 0 or the errno-like codes below, and leaves its
 * reason in the caller's buffer (always terminated). Lengths travel with pointers and are checked here. */
#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

enum {
    CODEC_OK = 0,
    CODEC_CANNOT_OPEN = 1,
    CODEC_WRONG_FORMAT = 2,
    CODEC_DAMAGED = 3,
    CODEC_UNSUPPORTED = 4,
    CODEC_CANNOT_WRITE = 5,
    CODEC_OUT_OF_MEMORY = 6,
    CODEC_WRONG_LENGTH = 7
};

typedef struct {
    char text[256];
    /* errno of the failed system call, or 0. */
    int system_error;
} codec_reason;

/* What a file declares about its image, before any conversion. */
typedef struct {
    uint32_t width;
    uint32_t height;
    int bit_depth;
    int channels;
} codec_image_info;

/* How codec_png_read converts. 16-bit samples are native-endian. */
enum { CODEC_AS_GREY8 = 0, CODEC_AS_GREY16 = 1, CODEC_AS_RGB8 = 2 };

typedef struct codec_png_reader codec_png_reader;
int codec_png_open(const char *path, codec_png_reader **reader, codec_image_info *info, codec_reason *reason);
/* Fills `length` bytes, which must be width * height * bytes per pixel of `form`. One call per reader. */
int codec_png_read(codec_png_reader *reader, int form, void *pixels, size_t length, codec_reason *reason);
void codec_png_close(codec_png_reader *reader);

typedef struct codec_png_writer codec_png_writer;
/* Writes to an open file descriptor, which stays the caller's. channels is 1 or 3; bit_depth 8, or 16 with one channel. */
int codec_png_create(int descriptor, uint32_t width, uint32_t height, int channels, int bit_depth,
                     codec_png_writer **writer, codec_reason *reason);
/* Appends whole rows, native-endian; `length` must be rows * bytes per row. */
int codec_png_append(codec_png_writer *writer, const void *rows, size_t length, uint32_t count, codec_reason *reason);
int codec_png_finish(codec_png_writer *writer, codec_reason *reason);
void codec_png_discard(codec_png_writer *writer);

typedef struct codec_tiff codec_tiff;
/* Opens the first image of a file; only grey images of 8 or 16 unsigned bits are supported. */
int codec_tiff_open(const char *path, codec_tiff **reader, codec_image_info *info, codec_reason *reason);
int codec_tiff_read(codec_tiff *reader, void *pixels, size_t length, codec_reason *reason);
void codec_tiff_close(codec_tiff *reader);
/* Writes one grey image without compression. */
int codec_tiff_write(const char *path, uint32_t width, uint32_t height, int bit_depth, const void *pixels, size_t length,
                     codec_reason *reason);

/* Takes further bytes into a checksum, which begins with any number and depends on how they are cut into pieces of 8: each
   step can be undone, so that one word or byte that differs always gives another sum. It notices accidents and is no protection. */
uint64_t codec_checksum(uint64_t start, const void *bytes, size_t length);

#endif
