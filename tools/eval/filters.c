#include "tools/eval/filters.h"

#include <hdf5.h>

static _Thread_local size_t expected_bytes;

void kaon_eval_filters_expect(size_t bytes)
{
    expected_bytes = bytes;
}

size_t kaon_eval_filters_expected(void)
{
    return expected_bytes;
}

int kaon_eval_filters_believable(size_t claimed, size_t packed, size_t ratio)
{
    const size_t most = 1ul << 32; /* libhdf5 has no larger chunks */
    const size_t checksum = 4;     /* of fletcher32, where it comes before compression */
    if (claimed == 0 || claimed >= most || claimed / ratio > packed)
        return 0;
    return expected_bytes == 0 || claimed == expected_bytes || claimed == expected_bytes + checksum;
}

enum kaon_status kaon_eval_filters_register(struct kaon_msg *msg)
{
    static const H5Z_class2_t filters[] = {
        { H5Z_CLASS_T_VERS, EVAL_FILTER_LZ4, 1, 1, "lz4", NULL, NULL, kaon_eval_filter_lz4 },
        { H5Z_CLASS_T_VERS, EVAL_FILTER_LZF, 0, 1, "lzf", NULL, NULL, kaon_eval_filter_lzf },
        { H5Z_CLASS_T_VERS, EVAL_FILTER_ZSTD, 0, 1, "zstd", NULL, NULL, kaon_eval_filter_zstd },
    };
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        if (H5Zregister(&filters[i]) < 0)
            return kaon_cli_fail(msg, KAON_IO, "libhdf5 does not take the filter %s",
                                 filters[i].name);
    return KAON_OK;
}
