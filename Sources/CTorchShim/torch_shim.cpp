#include "CTorchShim.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/api/include/torch/cuda.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/script.h>
#include <torch/csrc/api/include/torch/version.h>

#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <future>
#include <set>
#include <string>
#include <vector>

struct ctorch_model {
    torch::jit::Module module;
    bool channels_last;
    torch::Device device;
};

namespace {

/// The first line only: libtorch appends a stack trace of its own C++ frames, which helps no operator.
void write_error(char *error, size_t size, const std::string &text) {
    if (error == nullptr || size == 0) return;
    std::string line = text.substr(0, text.find("\nException raised"));
    // An error inside the network comes with a TorchScript trace; its last line holds the reason.
    const auto reason = line.rfind("Error: ");
    if (reason != std::string::npos && line.find('\n') != std::string::npos) line = line.substr(reason + 7);
    for (auto &c : line) {
        if (c == '\n' || c == '\r') c = ' ';
    }
    line.erase(line.find_last_not_of(' ') + 1);
    std::strncpy(error, line.c_str(), size - 1);
    error[size - 1] = 0;
}

/// Older versions of libtorch tell it by their words alone.
bool tells_of_memory(const char *text) {
    return std::strstr(text, "out of memory") != nullptr || std::strstr(text, "CUDNN_STATUS_ALLOC_FAILED") != nullptr ||
           std::strstr(text, "CUBLAS_STATUS_ALLOC_FAILED") != nullptr || std::strstr(text, "not enough memory") != nullptr;
}

/// Runs a piece of work and turns whatever it throws into text.
template <typename Work>
bool guarded(char *error, size_t size, Work work, int *memory_exhausted = nullptr) {
    if (memory_exhausted != nullptr) *memory_exhausted = 0;
    try {
        work();
        return true;
    } catch (const c10::OutOfMemoryError &e) {
        if (memory_exhausted != nullptr) *memory_exhausted = 1;
        write_error(error, size, e.what_without_backtrace());
    } catch (const std::bad_alloc &e) {
        if (memory_exhausted != nullptr) *memory_exhausted = 1;
        write_error(error, size, "no memory was left");
    } catch (const c10::Error &e) {
        if (memory_exhausted != nullptr && tells_of_memory(e.what_without_backtrace())) *memory_exhausted = 1;
        write_error(error, size, e.what_without_backtrace());
    } catch (const std::exception &e) {
        if (memory_exhausted != nullptr && tells_of_memory(e.what())) *memory_exhausted = 1;
        write_error(error, size, e.what());
    } catch (...) {
        write_error(error, size, "unknown C++ exception");
    }
    return false;
}

torch::Tensor first_tensor(const c10::IValue &value) {
    if (value.isTensor()) return value.toTensor();
    if (value.isTuple() && !value.toTuple()->elements().empty()) return first_tensor(value.toTuple()->elements()[0]);
    if (value.isTensorList() && value.toTensorVector().size() > 0) return value.toTensorVector()[0];
    if (value.isList() && value.toList().size() > 0) return first_tensor(value.toList().get(0));
    throw std::runtime_error("the network returned " + value.tagKind() + " instead of a tensor");
}

/// What a network may not do: read or write files, print, call Python or other machines. Such operations are a program's, not a network's.
const char *forbidden(torch::jit::Block *block) {
    for (auto *node : block->nodes()) {
        const std::string name = node->kind().toQualString();
        const bool calculates = name.rfind("aten::", 0) == 0 || name.rfind("prim::", 0) == 0 || name.rfind("quantized::", 0) == 0;
        static const std::set<std::string> others = {
            // What is called through an interface cannot be looked at.
            "aten::save", "aten::from_file", "prim::PythonOp", "prim::CallMethod", "prim::CallFunction", "prim::rpc_async", "prim::rpc_sync", "prim::rpc_remote"};
        if (!calculates || others.count(name) > 0) return node->kind().toQualString();
        for (auto *inner : node->blocks()) {
            if (const char *found = forbidden(inner)) return found;
        }
    }
    return nullptr;
}

/// Of a saved network `__setstate__` alone runs while it is loaded, before anybody can look at it.
void refuse_programs(const char *path) {
    caffe2::serialize::PyTorchStreamReader archive{std::string(path)};
    for (const auto &record : archive.getAllRecords()) {
        if (record.rfind("code/", 0) != 0 || record.size() < 3 || record.substr(record.size() - 3) != ".py") continue;
        const auto text = archive.getRecord(record);
        const std::string source(static_cast<const char *>(std::get<0>(text).get()), std::get<1>(text));
        if (source.find("__setstate__") != std::string::npos) {
            throw std::runtime_error("it wants to run a program of its own while it is loaded ('__setstate__'), and is refused");
        }
    }
}

void refuse_programs(const torch::jit::Module &module) {
    // All that is called, of the parts and functions too, stands in the graph once it is inlined.
    const auto graph = module.get_method("forward").graph()->copy();
    torch::jit::Inline(*graph);
    if (const char *found = forbidden(graph->block())) {
        throw std::runtime_error(std::string("it wants to do '") + found + "', which no network needs, and is refused");
    }
}

torch::Tensor forward(ctorch_model &model, torch::Tensor input) {
    if (model.device.is_cuda()) input = input.to(model.device);
    if (model.channels_last && input.dim() == 4) input = input.contiguous(at::MemoryFormat::ChannelsLast);
    return first_tensor(model.module.forward({input})).to(torch::kCPU, torch::kFloat32).contiguous();
}

/// Sets how many threads operations called from this thread may use. OpenMP's own call, from the library that this libtorch came with: libtorch's
/// makes a pool of threads anew each time. False where there is none.
bool limit_threads(int threads) {
    using Setter = void (*)(int);
    static const auto setter = reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
    if (setter != nullptr) setter(threads);
    return setter != nullptr;
}

/// Runs the images of a batch one by one, on the processor two at the same time with half of the threads each: the threads of one operation
/// wait for one another at its end, those of two images do not.
torch::Tensor forward_each(ctorch_model &model, const torch::Tensor &batch) {
    const int64_t count = batch.size(0);
    const int threads = at::get_num_threads();
    const int lanes = threads > 1 && model.device.is_cpu() && limit_threads(threads) ? 2 : 1;
    std::vector<torch::Tensor> outputs(count);
    std::exception_ptr failures[2];
    std::atomic<int64_t> next{0};
    const auto work = [&](int lane) {
        try {
            c10::InferenceMode guard;
            limit_threads(threads / lanes);
            for (int64_t image = next++; image < count; image = next++) outputs[image] = forward(model, batch.narrow(0, image, 1));
        } catch (...) {
            failures[lane] = std::current_exception();
            next = count;
        }
    };
    std::promise<void> second;
    // A thread that stays: a new one would begin with no memory and no compiled kernels.
    if (lanes == 2) {
        at::launch([&] {
            work(1);
            second.set_value();
        });
    }
    work(0);
    if (lanes == 2) second.get_future().wait();
    limit_threads(threads);
    for (const auto &failure : failures) {
        if (failure) std::rethrow_exception(failure);
    }
    return torch::cat(outputs);
}

}  // namespace

extern "C" {

void ctorch_set_threads(int threads) {
    guarded(nullptr, 0, [&] {
        at::set_num_threads(threads < 1 ? 1 : threads);
        // For the second image of a batch. It can be set once.
        at::set_num_interop_threads(1);
    });
}

int ctorch_gpu_count(void) {
    int count = 0;
    guarded(nullptr, 0, [&] { count = static_cast<int>(torch::cuda::device_count()); });
    return count;
}

void ctorch_describe(char *text, size_t text_size) {
    if (text == nullptr || text_size == 0) return;
    const std::string line = "libtorch " TORCH_VERSION;
    std::strncpy(text, line.c_str(), text_size - 1);
    text[text_size - 1] = 0;
}

ctorch_model *ctorch_model_load(const char *path, int channels_last, int gpu, int *memory_exhausted, char *error, size_t error_size) {
    ctorch_model *model = nullptr;
    guarded(error, error_size, [&] {
        c10::InferenceMode guard;
        const torch::Device device = gpu < 0 ? torch::Device(torch::kCPU) : torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(gpu));
        // Sums of 10 bits are not what the networks were compared with.
        if (gpu >= 0) at::globalContext().setAllowTF32CuDNN(false);
        refuse_programs(path);
        auto module = torch::jit::load(path, device);
        refuse_programs(module);
        module.eval();
        if (channels_last) {
            for (auto parameter : module.parameters()) {
                if (parameter.dim() == 4) parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
            }
            // A network that was frozen when it was saved cannot be frozen again and need not be.
            if (module.hasattr("training")) module = torch::jit::freeze(module);
        }
        model = new ctorch_model{module, channels_last != 0, device};
    }, memory_exhausted);
    return model;
}

int ctorch_model_describe(ctorch_model *model, char *text, size_t text_size, char *error, size_t error_size) {
    return guarded(error, error_size, [&] {
        int64_t count = 0;
        for (const auto &parameter : model->module.parameters()) count += parameter.numel();
        const std::string name = model->module.type()->name() ? model->module.type()->name()->name() : "network";
        const std::string line = name + ", " + std::to_string(count) + " parameters";
        std::strncpy(text, line.c_str(), text_size - 1);
        text[text_size - 1] = 0;
    }) ? 0 : 1;
}

int ctorch_model_run(ctorch_model *model, const float *values, const int64_t *shape, size_t rank,
                     ctorch_output *output, char *error, size_t error_size) {
    std::memset(output, 0, sizeof(*output));
    int memory_exhausted = 0;
    const bool done = guarded(error, error_size, [&] {
        c10::InferenceMode guard;
        const std::vector<int64_t> sizes(shape, shape + rank);
        // from_blob does not own the memory and does not write to it.
        const auto input = torch::from_blob(const_cast<float *>(values), sizes, torch::kFloat32);
        const auto result = rank == 4 && sizes[0] > 1 ? forward_each(*model, input) : forward(*model, input);
        if (result.dim() > CTORCH_MAXIMUM_RANK) throw std::runtime_error("the network returned too many dimensions");
        const size_t bytes = static_cast<size_t>(result.numel()) * sizeof(float);
        output->values = static_cast<float *>(std::malloc(bytes > 0 ? bytes : 1));
        if (output->values == nullptr) throw std::bad_alloc();
        std::memcpy(output->values, result.data_ptr<float>(), bytes);
        output->count = result.numel();
        output->rank = result.dim();
        for (int64_t i = 0; i < output->rank; i++) output->shape[i] = result.size(i);
    }, &memory_exhausted);
    return done ? 0 : memory_exhausted ? CTORCH_MEMORY_EXHAUSTED : 1;
}

int ctorch_program_save(const char *source, const ctorch_weight *weights, size_t count, const char *path,
                        char *error, size_t error_size) {
    return guarded(error, error_size, [&] {
        torch::jit::Module module("TomoPilotNetwork");
        for (size_t i = 0; i < count; i++) {
            const auto &weight = weights[i];
            const std::vector<int64_t> sizes(weight.shape, weight.shape + weight.rank);
            auto values = torch::from_blob(const_cast<float *>(weight.values), sizes, torch::kFloat32);
            module.register_parameter(weight.name, values, false);
        }
        module.define(source);
        module.eval();
        module.save(path);
    }) ? 0 : 1;
}

void ctorch_output_free(ctorch_output *output) {
    std::free(output->values);
    output->values = nullptr;
}

void ctorch_model_free(ctorch_model *model) {
    guarded(nullptr, 0, [&] { delete model; });
}

}  // extern "C"
