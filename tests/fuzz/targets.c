#include "tests/fuzz/targets.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

const struct kaon_fuzz_target kaon_fuzz_targets[] = {
    { "h5", NULL, kaon_fuzz_h5, true, NULL },
    { "npz", NULL, kaon_fuzz_npz, false, NULL },
    { "npy", NULL, kaon_fuzz_npy, false, NULL },
    { "eval_json", NULL, kaon_fuzz_eval_json, false, NULL },
    { "gnn_config", NULL, kaon_fuzz_gnn_config, false, NULL },
    { "preprocess", NULL, kaon_fuzz_preprocess, false, NULL },
    { "category", NULL, kaon_fuzz_category, false, NULL },
    { "onnx", NULL, kaon_fuzz_onnx, false, kaon_fuzz_reshape_onnx },
    { "differ", "onnx", kaon_fuzz_differ, false, kaon_fuzz_reshape_onnx },
    { NULL, NULL, NULL, false, NULL },
};

int kaon_fuzz_file(const uint8_t *data, size_t size, char path[64])
{
    const int fd = memfd_create("kaon-fuzz", MFD_CLOEXEC);
    size_t done = 0;
    while (fd >= 0 && done < size) {
        const ssize_t n = write(fd, data + done, size - done);
        if (n <= 0) {
            close(fd);
            return -1;
        }
        done += (size_t)n;
    }
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}
