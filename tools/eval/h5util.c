#include "tools/eval/h5util.h"

#include "tools/eval/filters.h"
#include "tools/eval/half.h"

#include <stdint.h>
#include <stdio.h>

enum kaon_status kaon_eval_h5_start(struct kaon_msg *msg)
{
    /* At exit libhdf5 would once more try to write what it could not for lack of space, on memory
     * that is freed. All that we open we close. Fails once the library is started. */
    H5dont_atexit();
    if (H5open() < 0 || H5Eset_auto2(H5E_DEFAULT, NULL, NULL) < 0)
        return kaon_cli_fail(msg, KAON_IO, "libhdf5 does not start");
    const enum kaon_status status = kaon_eval_filters_register(msg);
    return status ? status : kaon_eval_half_register(msg);
}

struct reason {
    char *text;
    size_t room;
};

static herr_t keep_last(unsigned n, const H5E_error2_t *error, void *user)
{
    struct reason *reason = user;
    (void)n;
    if (error->desc && *error->desc)
        snprintf(reason->text, reason->room, "%s", error->desc);
    return 0;
}

const char *kaon_eval_h5_reason(char *text, size_t room)
{
    struct reason reason = { text, room };
    *text = '\0';
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_last, &reason);
    return text;
}

const char **kaon_eval_h5_members(hid_t type, size_t *n, struct eval_pool *pool)
{
    const int count = H5Tget_class(type) == H5T_COMPOUND ? H5Tget_nmembers(type) : -1;
    if (count < 0)
        return NULL;
    const char **names = kaon_eval_pool_take(pool, (size_t)count + 1, sizeof *names);
    for (int i = 0; names && i < count; i++) {
        char *name = H5Tget_member_name(type, (unsigned)i);
        names[i] = name ? kaon_eval_pool_text(pool, name) : NULL;
        H5free_memory(name);
        if (!names[i])
            return NULL;
    }
    *n = (size_t)count;
    return names;
}

hid_t kaon_eval_h5_bool(void)
{
    const hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
    const int8_t no = 0, yes = 1;
    if (type >= 0 &&
        (H5Tenum_insert(type, "FALSE", &no) < 0 || H5Tenum_insert(type, "TRUE", &yes) < 0)) {
        H5Tclose(type);
        return -1;
    }
    return type;
}
