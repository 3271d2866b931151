"""Image transfer in both directions (protocol, section 8): every pixel type, from 64 x 64 to 8192 x 8192."""
import numpy as np
import serialem

from harness import Section, equal, holds, nothing, ready

def prepare(sem):
    ready(sem)
    sem.OpenNavigator()


section = Section("images", prepare)
check = section.check
TYPES = {"1 byte": np.uint8, "2 bytes signed": np.int16, "2 bytes unsigned": np.uint16, "4 bytes": np.float32}
# Chunks have at most 33 620 000 bytes: 4096 x 4096 of 4 bytes and 5760 x 4092 of 2 take two, 8192 x 8192 of 4 take eight.
SIZES = [(64, 64), (100, 63), (512, 512), (4096, 4096), (4092, 5760)]
LARGEST = (8192, 8192)


def made(shape, kind):
    """An image that differs in every row and column, over the whole range of its type."""
    height, width = shape
    pattern = (np.arange(width, dtype=np.uint32)[None, :] * 31 + np.arange(height, dtype=np.uint32)[:, None] * 57) % 65521
    if kind == np.float32:
        return pattern.astype(np.float32) * 1.5 - 49000.25
    return pattern.astype(np.uint16).astype(kind) if kind != np.int16 else (pattern.astype(np.int32) - 32768).astype(np.int16)


def round_trip(shape, name, kind):
    image = made(shape, kind)
    equal(f"PutImageInBuffer of {shape} {name}", serialem.PutImageInBuffer(image, "C", shape[1], shape[0], "A"), None)
    back = np.asarray(serialem.bufferImage("C"))
    equal(f"type of {shape} {name}", back.dtype, np.dtype(kind))
    equal(f"size of {shape} {name}", back.shape, shape)
    holds(f"pixels of {shape} {name}", np.array_equal(back, image), "the same", "others")


def of_type(name, kind):
    @check("PutImageInBuffer", "bufferImage", "ImageProperties")
    def claim(sem):
        sem.called.update({"PutImageInBuffer", "bufferImage"})   # functions of the module, no commands
        for shape in SIZES:
            round_trip(shape, name, kind)
        equal("ImageProperties", tuple(sem.ImageProperties("C")[:2]), SIZES[-1][::-1])

    section.checks[-1] = (f"images of {name} per pixel come back unchanged", *section.checks[-1][1:])

    @check("PutImageInBuffer", "bufferImage")
    def largest(sem):
        sem.called.update({"PutImageInBuffer", "bufferImage"})
        round_trip(LARGEST, name, kind)
        sem.PutImageInBuffer(np.zeros((64, 64), np.uint8), "C", 64, 64, "A")

    section.checks[-1] = (f"the largest image of {name} per pixel comes back unchanged", *section.checks[-1][1:])


for type_name, type_kind in TYPES.items():
    of_type(type_name, type_kind)


@check("PutImageInBuffer", "bufferImage", "R")
def an_image_put_into_A_rolls_the_buffers(sem):
    sem.called.update({"PutImageInBuffer", "bufferImage"})
    sem.R()
    taken = np.array(serialem.bufferImage("A"))
    image = made((64, 64), np.uint16)
    serialem.PutImageInBuffer(image, "A", 64, 64, "A")
    equal("A", np.array_equal(np.asarray(serialem.bufferImage("A")), image), True)
    equal("B", np.array_equal(np.asarray(serialem.bufferImage("B")), taken), True)


@check("PutImageInBuffer", "ImageProperties")
def an_image_takes_its_metadata_from_the_base(sem):
    sem.called.add("PutImageInBuffer")
    sem.R()
    pixel, binning = sem.ImageProperties("A")[4], sem.ImageProperties("A")[2]
    image = made((128, 160), np.uint16)
    serialem.PutImageInBuffer(image, "O", 160, 128, "A")
    width, height, put_binning, _, put_pixel, _ = sem.ImageProperties("O")
    equal("size", (width, height), (160, 128))
    equal("binning and pixel", (put_binning, put_pixel), (binning, pixel))
    equal("stage position of the middle", [round(value, 1) for value in sem.BufImagePosToStagePos("O", 1, 80, 64)[:2]],
          [round(value, 1) for value in sem.BufImagePosToStagePos("A", 1, *[side / 2 for side in sem.ImageProperties("A")[:2]])[:2]])


@check("bufferImage")
def an_empty_buffer_is_an_error_of_the_client_and_control_goes_on(sem):
    sem.called.add("bufferImage")
    try:
        image = serialem.bufferImage("M")
        holds("bufferImage of an empty buffer", False, "an error", image)
    except (serialem.SEMerror, serialem.SEMmoduleError, SystemError):
        pass   # the client raises the last where it forgets to say that it failed
    nothing("the next command", sem.NoMessageBoxOnError(1))


@check("bufferImage", "FFT")
def the_FFT_window_can_be_read(sem):
    sem.called.add("bufferImage")
    sem.R()
    nothing("FFT", sem.FFT("A"))
    image = np.asarray(serialem.bufferImage("AF"))
    holds("the transform", image.ndim == 2 and image.std() > 0, "an image", image.shape)


if __name__ == "__main__":
    section.run()
