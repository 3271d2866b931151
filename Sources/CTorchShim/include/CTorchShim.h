#ifndef CTORCHSHIM_H
#define CTORCHSHIM_H

// libtorch behind plain C: a TorchScript network is loaded, run on float32 tensors and freed. No call throws or prints;
// a call that fails returns NULL or a non-zero number and writes one line into the caller's error text.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CTORCH_MAXIMUM_RANK 8

typedef struct ctorch_model ctorch_model;

/// What a network returned: row-major values that `ctorch_output_free` gives back.
typedef struct ctorch_output {
    float *values;
    int64_t count;
    int64_t shape[CTORCH_MAXIMUM_RANK];
    int64_t rank;
} ctorch_output;

/// Threads that one operation may use; for the whole process.
void ctorch_set_threads(int threads);

/// GPUs that libtorch can use: 0 where it was built without, or where there is no driver.
int ctorch_gpu_count(void);

/// libtorch's version, as one line.
void ctorch_describe(char *text, size_t text_size);

/// Loads a network. `channels_last` stores its weights channels-last and freezes it, which is faster for detectors
/// with three input channels and slower for U-Nets with one. `gpu` is the number of a GPU, or -1 for the processor.
ctorch_model *ctorch_model_load(const char *path, int channels_last, int gpu, int *memory_exhausted, char *error, size_t error_size);

/// Name of the network's type and the number of its parameters, as one line.
int ctorch_model_describe(ctorch_model *model, char *text, size_t text_size, char *error, size_t error_size);

/// `ctorch_model_run` could not get the memory that it needs.
#define CTORCH_MEMORY_EXHAUSTED 2

/// Runs the network on one tensor. Where it returns several tensors the first is taken. Of a tensor of four dimensions with several images
/// each goes through the network as a batch of one, on the processor several at the same time.
int ctorch_model_run(ctorch_model *model, const float *values, const int64_t *shape, size_t rank,
                     ctorch_output *output, char *error, size_t error_size);

/// A weight of a program: an attribute of `self`; row-major values that stay the caller's.
typedef struct ctorch_weight {
    const char *name;
    const float *values;
    const int64_t *shape;
    int64_t rank;
} ctorch_weight;

/// Compiles TorchScript source with one function `forward(self, x)` and saves it with its weights as a network. 0 if all went well.
int ctorch_program_save(const char *source, const ctorch_weight *weights, size_t count, const char *path,
                        char *error, size_t error_size);

void ctorch_output_free(ctorch_output *output);
void ctorch_model_free(ctorch_model *model);

#ifdef __cplusplus
}
#endif
#endif
