#include "tools/eval/preprocess.h"

#include <math.h>
#include <string.h>

static enum kaon_status read_variable(struct eval_feature *f, const json_t *info, const char *where,
                                      struct kaon_msg *msg)
{
    double median = 0, replace = 0, pad = 0;
    const struct {
        const char *key;
        double *to;
    } numbers[] = {
        { "median", &median },
        { "norm_factor", &f->scale },
        { "replace_inf_value", &replace },
        { "lower_bound", &f->lower },
        { "upper_bound", &f->upper },
        { "pad", &pad },
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const enum kaon_status status =
            kaon_eval_json_number(info, numbers[i].key, numbers[i].to, where, msg);
        if (status)
            return status;
    }
    f->offset = -median;
    f->replace = (float)replace;
    f->replaces = true;
    f->most = 1e32f; /* CMSSW's rule */
    f->pad = (float)pad;
    return KAON_OK;
}

/* "constant", the default, or "wrap": the entries again from the first. */
static enum kaon_status read_pad_mode(struct eval_input *in, const json_t *group, const char *where,
                                      struct kaon_msg *msg)
{
    const char *mode = "constant";
    const enum kaon_status status = kaon_eval_json_text(group, "pad_mode", &mode, where, msg);
    in->wrap = !strcmp(mode, "wrap");
    if (!status && !in->wrap && strcmp(mode, "constant"))
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: 'pad_mode' must be constant or wrap", where);
    return status;
}

static enum kaon_status read_lengths(struct eval_input *in, const json_t *group, const char *where,
                                     struct kaon_msg *msg)
{
    const struct {
        const char *key;
        size_t *to;
    } sizes[] = {
        { "var_length", &in->fixed },
        { "max_length", &in->most },
        { "min_length", &in->least },
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const enum kaon_status status =
            kaon_eval_json_size(group, sizes[i].key, sizes[i].to, where, msg);
        if (status)
            return status;
    }
    return KAON_OK;
}

enum kaon_status kaon_eval_preprocess_read(struct eval_input *in, const json_t *root,
                                           const char *path, struct eval_pool *pool,
                                           struct kaon_msg *msg)
{
    json_t *group, *names, *infos;
    enum kaon_status status = kaon_eval_json_object(root, in->name, &group, path, msg);
    if (status || !group)
        return status;
    const char *where = kaon_eval_pool_format(pool, "%s: '%s'", path, in->name);
    if (!where)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    if ((status = kaon_eval_json_list(group, "var_names", &names, where, msg)) ||
        (status = kaon_eval_json_object(group, "var_infos", &infos, where, msg)) ||
        (status = read_lengths(in, group, where, msg)) ||
        (status = read_pad_mode(in, group, where, msg)))
        return status;
    in->n_features = json_array_size(names);
    in->feature = kaon_eval_pool_take(pool, in->n_features + 1, sizeof *in->feature);
    if (!in->feature)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t i = 0; !status && i < in->n_features; i++) {
        struct eval_feature *f = &in->feature[i];
        const char *name = json_string_value(json_array_get(names, i));
        *f = (struct eval_feature){ .scale = 1, .lower = -INFINITY, .upper = INFINITY };
        if (!name)
            return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: 'var_names' must be texts", where);
        if (!(f->name = kaon_eval_pool_text(pool, name)))
            return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
        status = read_variable(f, json_object_get(infos, name), where, msg);
        if (!status && f->lower > f->upper)
            status = kaon_cli_fail(msg, KAON_BAD_INPUT,
                                   "%s: '%s' has bounds %g to %g, the lower above the upper", where,
                                   name, f->lower, f->upper);
    }
    if (!status && in->most && in->least > in->most)
        status =
            kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: 'min_length' is above 'max_length'", where);
    in->source = path;
    in->by_variable = true;
    return status;
}
