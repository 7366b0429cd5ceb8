#include "tools/eval/half.h"

enum { HALF = sizeof(uint16_t), FLOAT = sizeof(float) };

static void widen(unsigned char *to, const unsigned char *from)
{
    uint16_t half;
    memcpy(&half, from, sizeof half);
    const float value = kaon_eval_half(half);
    memcpy(to, &value, sizeof value);
}

/* An H5T_conv_t. Elements grow in place: packed ones from the last to the first. */
static herr_t convert(hid_t from, hid_t to, H5T_cdata_t *data, size_t n, size_t stride,
                      size_t background_stride, void *buffer, void *background, hid_t transfer)
{
    unsigned char *at = buffer;
    (void)from, (void)to, (void)background_stride, (void)background, (void)transfer;
    data->need_bkg = H5T_BKG_NO;
    if (data->command != H5T_CONV_CONV)
        return 0;
    for (size_t i = n; i-- > 0;)
        widen(at + i * (stride ? stride : FLOAT), at + i * (stride ? stride : HALF));
    return 0;
}

hid_t kaon_eval_half_type(bool big_endian)
{
    const hid_t type = H5Tcopy(big_endian ? H5T_IEEE_F32BE : H5T_IEEE_F32LE);
    if (type >= 0 && (H5Tset_fields(type, 15, 10, 5, 0, 10) < 0 || H5Tset_size(type, HALF) < 0 ||
                      H5Tset_ebias(type, 15) < 0)) {
        H5Tclose(type);
        return -1;
    }
    return type;
}

enum kaon_status kaon_eval_half_register(struct kaon_msg *msg)
{
    const hid_t type = kaon_eval_half_type(false);
    const bool done =
        type >= 0 && H5Tregister(H5T_PERS_HARD, "half", type, H5T_NATIVE_FLOAT, convert) >= 0;
    if (type >= 0)
        H5Tclose(type);
    return done ? KAON_OK : kaon_cli_fail(msg, KAON_IO, "libhdf5 takes no conversion of halves");
}
