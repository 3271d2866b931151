#include "CImageCodecs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

struct codec_tiff {
    TIFF *tiff;
    uint32_t width;
    uint32_t height;
    int bit_depth;
};

static void explain(codec_reason *reason, const char *text, int system_error) {
    if (reason == NULL) return;
    snprintf(reason->text, sizeof reason->text, "%s", text);
    reason->system_error = system_error;
}

/* Per file, not the global handler of libtiff: two files may fail in two threads. The first message is the cause. */
static int on_message(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff;
    (void)module;
    codec_reason *reason = user;
    if (reason != NULL && reason->text[0] == 0) vsnprintf(reason->text, sizeof reason->text, format, arguments);
    return 1;
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff;
    (void)user;
    (void)module;
    (void)format;
    (void)arguments;
    return 1;
}

static TIFF *open_tiff(const char *path, const char *mode, codec_reason *reason) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (options == NULL) return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_message, reason);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, NULL);
    errno = 0;
    TIFF *tiff = TIFFOpenExt(path, mode, options);
    if (tiff == NULL && reason != NULL) reason->system_error = errno;
    TIFFOpenOptionsFree(options);
    return tiff;
}

/* The error handler keeps a pointer to `reason` of the call that opened the file; one per reader keeps it alive. */
typedef struct {
    codec_tiff public_part;
    codec_reason reason;
} tiff_reader;

int codec_tiff_open(const char *path, codec_tiff **out, codec_image_info *info, codec_reason *reason) {
    explain(reason, "", 0);
    *out = NULL;
    tiff_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        explain(reason, "out of memory", ENOMEM);
        return CODEC_OUT_OF_MEMORY;
    }
    codec_tiff *part = &reader->public_part;
    part->tiff = open_tiff(path, "r", &reader->reason);
    if (part->tiff == NULL) {
        int code = reader->reason.system_error != 0 ? CODEC_CANNOT_OPEN : CODEC_WRONG_FORMAT;
        *reason = reader->reason;
        free(reader);
        return code;
    }
    uint16_t bits = 1, samples = 1, format = SAMPLEFORMAT_UINT, photometric = PHOTOMETRIC_MINISBLACK;
    if (!TIFFGetField(part->tiff, TIFFTAG_IMAGEWIDTH, &part->width) ||
        !TIFFGetField(part->tiff, TIFFTAG_IMAGELENGTH, &part->height)) {
        explain(reason, "the width or the height is missing", 0);
        codec_tiff_close(part);
        return CODEC_DAMAGED;
    }
    TIFFGetFieldDefaulted(part->tiff, TIFFTAG_BITSPERSAMPLE, &bits);
    TIFFGetFieldDefaulted(part->tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
    TIFFGetFieldDefaulted(part->tiff, TIFFTAG_SAMPLEFORMAT, &format);
    TIFFGetField(part->tiff, TIFFTAG_PHOTOMETRIC, &photometric);
    if ((bits != 8 && bits != 16) || samples != 1 || format != SAMPLEFORMAT_UINT ||
        photometric != PHOTOMETRIC_MINISBLACK || TIFFIsTiled(part->tiff)) {
        explain(reason, "only untiled grey images of 8 or 16 unsigned bits, black is 0, can be read", 0);
        codec_tiff_close(part);
        return CODEC_UNSUPPORTED;
    }
    part->bit_depth = bits;
    info->width = part->width;
    info->height = part->height;
    info->bit_depth = bits;
    info->channels = 1;
    *out = part;
    return CODEC_OK;
}

int codec_tiff_read(codec_tiff *part, void *pixels, size_t length, codec_reason *reason) {
    explain(reason, "", 0);
    tiff_reader *reader = (tiff_reader *)part;
    size_t stride = (size_t)part->width * (size_t)(part->bit_depth / 8);
    if (length != stride * part->height || (size_t)TIFFScanlineSize(part->tiff) != stride) {
        explain(reason, "the buffer does not have the size of the image", 0);
        return CODEC_WRONG_LENGTH;
    }
    for (uint32_t y = 0; y < part->height; y++) {
        if (TIFFReadScanline(part->tiff, (char *)pixels + stride * y, y, 0) != 1) {
            explain(reason, reader->reason.text, 0);
            return CODEC_DAMAGED;
        }
    }
    return CODEC_OK;
}

void codec_tiff_close(codec_tiff *part) {
    if (part == NULL) return;
    if (part->tiff != NULL) TIFFClose(part->tiff);
    free(part);
}

int codec_tiff_write(const char *path, uint32_t width, uint32_t height, int bit_depth, const void *pixels, size_t length,
                     codec_reason *reason) {
    explain(reason, "", 0);
    size_t stride = (size_t)width * (size_t)(bit_depth / 8);
    if ((bit_depth != 8 && bit_depth != 16) || length != stride * height) {
        explain(reason, "the buffer does not have the size of the image", 0);
        return CODEC_WRONG_LENGTH;
    }
    TIFF *tiff = open_tiff(path, "w", reason);
    if (tiff == NULL) return CODEC_CANNOT_WRITE;
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, bit_depth);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, TIFFDefaultStripSize(tiff, 0));
    int status = CODEC_OK;
    for (uint32_t y = 0; y < height && status == CODEC_OK; y++) {
        errno = 0;
        /* libtiff does not change the row; its interface only forgot to say so. */
        if (TIFFWriteScanline(tiff, (char *)(uintptr_t)pixels + stride * y, y, 0) != 1) status = CODEC_CANNOT_WRITE;
    }
    if (status == CODEC_OK) {
        errno = 0;
        if (TIFFFlush(tiff) != 1) status = CODEC_CANNOT_WRITE;
    }
    if (status != CODEC_OK) reason->system_error = errno;
    TIFFClose(tiff);
    return status;
}
