#include "CImageCodecs.h"

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The errors of libpng arrive here; `reason` is that of the call in progress. */
typedef struct {
    codec_reason *reason;
} png_context;

static void explain(codec_reason *reason, const char *text, int system_error) {
    if (reason == NULL) return;
    snprintf(reason->text, sizeof reason->text, "%s", text);
    reason->system_error = system_error;
}

static void on_error(png_structp png, png_const_charp message) {
    png_context *context = png_get_error_ptr(png);
    /* A failed read or write has left its errno and its own words already. */
    if (context->reason != NULL && context->reason->system_error == 0) explain(context->reason, message, 0);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

struct codec_png_reader {
    FILE *file;
    png_structp png;
    png_infop info;
    uint32_t width;
    uint32_t height;
    png_context context;
    png_bytep *rows;
};

static void read_bytes(png_structp png, png_bytep bytes, size_t length) {
    codec_png_reader *reader = png_get_io_ptr(png);
    if (fread(bytes, 1, length, reader->file) == length) return;
    if (ferror(reader->file)) explain(reader->context.reason, strerror(errno), errno);
    png_error(png, "the file ends before the image does");
}

int codec_png_open(const char *path, codec_png_reader **out, codec_image_info *info, codec_reason *reason) {
    explain(reason, "", 0);
    *out = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        explain(reason, strerror(errno), errno);
        return CODEC_CANNOT_OPEN;
    }
    unsigned char signature[8];
    size_t got = fread(signature, 1, 8, file);
    if (got == 0 && ferror(file)) {
        explain(reason, strerror(errno), errno);
        fclose(file);
        return CODEC_CANNOT_OPEN;
    }
    if (got != 8 || png_sig_cmp(signature, 0, 8) != 0) {
        explain(reason, "the first eight bytes are not the PNG signature", 0);
        fclose(file);
        return CODEC_WRONG_FORMAT;
    }
    codec_png_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        explain(reason, "out of memory", ENOMEM);
        fclose(file);
        return CODEC_OUT_OF_MEMORY;
    }
    reader->file = file;
    reader->context.reason = reason;
    reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader->context, on_error, on_warning);
    reader->info = reader->png ? png_create_info_struct(reader->png) : NULL;
    if (reader->info == NULL) {
        explain(reason, "out of memory", ENOMEM);
        codec_png_close(reader);
        return CODEC_OUT_OF_MEMORY;
    }
    if (setjmp(png_jmpbuf(reader->png))) {
        codec_png_close(reader);
        return CODEC_DAMAGED;
    }
    png_set_read_fn(reader->png, reader, read_bytes);
    png_set_sig_bytes(reader->png, 8);
    png_read_info(reader->png, reader->info);
    reader->width = png_get_image_width(reader->png, reader->info);
    reader->height = png_get_image_height(reader->png, reader->info);
    info->width = reader->width;
    info->height = reader->height;
    info->bit_depth = png_get_bit_depth(reader->png, reader->info);
    info->channels = png_get_color_type(reader->png, reader->info) == PNG_COLOR_TYPE_PALETTE
                         ? 3
                         : png_get_channels(reader->png, reader->info);
    reader->context.reason = NULL;
    *out = reader;
    return CODEC_OK;
}

static void set_conversion(codec_png_reader *reader, int form) {
    png_structp png = reader->png;
    int color = png_get_color_type(png, reader->info);
    int depth = png_get_bit_depth(png, reader->info);
    if (color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (color == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
    png_set_strip_alpha(png);
    int is_color = (color & PNG_COLOR_MASK_COLOR) != 0;
    if (form == CODEC_AS_RGB8) {
        if (!is_color) png_set_gray_to_rgb(png);
    } else if (is_color) {
        png_set_rgb_to_gray_fixed(png, PNG_ERROR_ACTION_NONE, -1, -1);
    }
    if (form == CODEC_AS_GREY16) {
        if (depth == 16) png_set_swap(png);
    } else if (depth == 16) {
        png_set_strip_16(png);
    }
    png_set_interlace_handling(png);
    png_read_update_info(png, reader->info);
}

int codec_png_read(codec_png_reader *reader, int form, void *pixels, size_t length, codec_reason *reason) {
    explain(reason, "", 0);
    reader->context.reason = reason;
    reader->rows = calloc(reader->height, sizeof *reader->rows);
    if (reader->rows == NULL) {
        explain(reason, "out of memory", ENOMEM);
        return CODEC_OUT_OF_MEMORY;
    }
    if (setjmp(png_jmpbuf(reader->png))) return CODEC_DAMAGED;
    int narrow = png_get_bit_depth(reader->png, reader->info) < 16;
    set_conversion(reader, form);
    size_t stride = png_get_rowbytes(reader->png, reader->info);
    size_t bytes = form == CODEC_AS_RGB8 ? 3 : form == CODEC_AS_GREY16 && !narrow ? 2 : 1;
    size_t wanted = (size_t)reader->width * (form == CODEC_AS_RGB8 ? 3 : form == CODEC_AS_GREY16 ? 2 : 1);
    if (stride != (size_t)reader->width * bytes || length != wanted * reader->height) {
        explain(reason, "the buffer does not have the size of the image", 0);
        return CODEC_WRONG_LENGTH;
    }
    for (uint32_t y = 0; y < reader->height; y++) reader->rows[y] = (png_bytep)pixels + wanted * y;
    png_read_image(reader->png, reader->rows);
    png_read_end(reader->png, NULL);
    if (form == CODEC_AS_GREY16 && narrow) {
        /* Each row holds bytes in its first half: widen in place, last pixel first. */
        for (uint32_t y = 0; y < reader->height; y++) {
            unsigned char *row = reader->rows[y];
            for (size_t x = reader->width; x-- > 0;) {
                uint16_t value = row[x];
                memcpy(row + 2 * x, &value, 2);
            }
        }
    }
    return CODEC_OK;
}

void codec_png_close(codec_png_reader *reader) {
    if (reader == NULL) return;
    if (reader->png != NULL) png_destroy_read_struct(&reader->png, &reader->info, NULL);
    if (reader->file != NULL) fclose(reader->file);
    free(reader->rows);
    free(reader);
}

struct codec_png_writer {
    int descriptor;
    png_structp png;
    png_infop info;
    size_t stride;
    png_context context;
};

static void write_bytes(png_structp png, png_bytep bytes, size_t length) {
    codec_png_writer *writer = png_get_io_ptr(png);
    while (length > 0) {
        ssize_t written = write(writer->descriptor, bytes, length);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            int code = written < 0 ? errno : EIO;
            explain(writer->context.reason, strerror(code), code);
            png_error(png, "write failed");
        }
        bytes += written;
        length -= (size_t)written;
    }
}

static void flush_bytes(png_structp png) { (void)png; }

int codec_png_create(int descriptor, uint32_t width, uint32_t height, int channels, int bit_depth,
                     codec_png_writer **out, codec_reason *reason) {
    explain(reason, "", 0);
    *out = NULL;
    if ((channels != 1 && channels != 3) || (bit_depth != 8 && !(bit_depth == 16 && channels == 1))) {
        explain(reason, "only 8-bit grey, 16-bit grey and 8-bit RGB can be written", 0);
        return CODEC_UNSUPPORTED;
    }
    codec_png_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        explain(reason, "out of memory", ENOMEM);
        return CODEC_OUT_OF_MEMORY;
    }
    writer->descriptor = descriptor;
    writer->stride = (size_t)width * (size_t)channels * (size_t)(bit_depth / 8);
    writer->context.reason = reason;
    writer->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &writer->context, on_error, on_warning);
    writer->info = writer->png ? png_create_info_struct(writer->png) : NULL;
    if (writer->info == NULL) {
        explain(reason, "out of memory", ENOMEM);
        codec_png_discard(writer);
        return CODEC_OUT_OF_MEMORY;
    }
    if (setjmp(png_jmpbuf(writer->png))) {
        codec_png_discard(writer);
        return CODEC_CANNOT_WRITE;
    }
    png_set_write_fn(writer->png, writer, write_bytes, flush_bytes);
    /* Micrographs are noise: higher levels cost much time and save a few per cent. */
    png_set_compression_level(writer->png, 2);
    png_set_IHDR(writer->png, writer->info, width, height, bit_depth,
                 channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_filter(writer->png, 0, PNG_FILTER_SUB);
    png_write_info(writer->png, writer->info);
    if (bit_depth == 16) png_set_swap(writer->png);
    writer->context.reason = NULL;
    *out = writer;
    return CODEC_OK;
}

int codec_png_append(codec_png_writer *writer, const void *rows, size_t length, uint32_t count, codec_reason *reason) {
    explain(reason, "", 0);
    writer->context.reason = reason;
    if (length != writer->stride * count) {
        explain(reason, "the rows do not have the width of the image", 0);
        return CODEC_WRONG_LENGTH;
    }
    if (setjmp(png_jmpbuf(writer->png))) return CODEC_CANNOT_WRITE;
    for (uint32_t y = 0; y < count; y++) png_write_row(writer->png, (png_const_bytep)rows + writer->stride * y);
    return CODEC_OK;
}

int codec_png_finish(codec_png_writer *writer, codec_reason *reason) {
    explain(reason, "", 0);
    writer->context.reason = reason;
    if (setjmp(png_jmpbuf(writer->png))) return CODEC_CANNOT_WRITE;
    png_write_end(writer->png, NULL);
    return CODEC_OK;
}

void codec_png_discard(codec_png_writer *writer) {
    if (writer == NULL) return;
    if (writer->png != NULL) png_destroy_write_struct(&writer->png, &writer->info);
    free(writer);
}
