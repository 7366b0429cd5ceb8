#include "tools/model/axes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/fail.h"
#include "tools/cli/nearest.h"

const struct kaon_axis *kaon_axes_find(const struct kaon_axes *axes, const char *name)
{
    for (size_t i = 0; i < axes->n; i++)
        if (!strcmp(axes->axis[i].name, name))
            return &axes->axis[i];
    return NULL;
}

static enum kaon_status add(struct kaon_axes *axes, struct kaon_axis axis, struct kaon_msg *msg)
{
    struct kaon_axis *grown = realloc(axes->axis, (axes->n + 1) * sizeof *grown);
    if (!grown)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the axes");
    axes->axis = grown;
    axes->axis[axes->n++] = axis;
    return KAON_OK;
}

/* The model's own copy of an axis name, or NULL, with the nearest one there is in *best. */
static const char *model_axis(const struct kaon_model *model, const char *name, const char **best)
{
    struct kaon_port port;
    for (size_t i = 0; i < kaon_model_input_count(model); i++) {
        if (kaon_model_input(model, i, &port) != KAON_OK)
            continue;
        for (int32_t d = 0; d < port.rank; d++) {
            if (!port.axes[d])
                continue;
            if (!strcmp(port.axes[d], name))
                return port.axes[d];
            kaon_nearest_try(name, port.axes[d], best);
        }
    }
    return NULL;
}

static enum kaon_status parse_one(struct kaon_axes *axes, const struct kaon_model *model,
                                  const char *text, struct kaon_msg *msg)
{
    char name[256];
    const char *value, *best = NULL;
    int64_t length;

    if (!kaon_option_pair(text, name, sizeof name, &value) || !kaon_parse_int(value, &length) ||
        length < 0)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--dim: \"%s\" is not of the form AXIS=N, as in n_tracks=7", text);
    const char *axis = model_axis(model, name, &best);
    if (!axis)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "--dim: no input has an axis \"%s\"%s%s%s",
                             name, best ? "; did you mean \"" : "", best ? best : "",
                             best ? "\"?" : "");
    if (kaon_axes_find(axes, axis))
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "--dim: axis \"%s\" is given twice", name);
    return add(axes, (struct kaon_axis){ axis, length, "--dim" }, msg);
}

enum kaon_status kaon_axes_parse(struct kaon_axes *axes, const struct kaon_model *model,
                                 const struct kaon_words *dims, struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    for (size_t i = 0; st == KAON_OK && i < dims->n; i++)
        st = parse_one(axes, model, dims->word[i], msg);
    return st;
}

static enum kaon_status bind_axis(struct kaon_axes *axes, const struct kaon_port *port, int32_t d,
                                  int64_t length, struct kaon_msg *msg)
{
    if (port->dims[d] >= 0) {
        if (port->dims[d] == length)
            return KAON_OK;
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "input \"%s\": axis %d has length %" PRId64 ", the model wants "
                             "%" PRId64,
                             port->name, d, length, port->dims[d]);
    }
    if (!port->axes[d])
        return KAON_OK;
    const struct kaon_axis *known = kaon_axes_find(axes, port->axes[d]);
    if (!known)
        return add(axes, (struct kaon_axis){ port->axes[d], length, port->name }, msg);
    if (known->length == length)
        return KAON_OK;
    return kaon_cli_fail(msg, KAON_BAD_INPUT,
                         "input \"%s\": axis %s has length %" PRId64 ", but %" PRId64
                         " according to %s",
                         port->name, port->axes[d], length, known->length, known->from);
}

enum kaon_status kaon_axes_bind(struct kaon_axes *axes, const struct kaon_port *port,
                                const struct kaon_tensor *tensor, struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    if (port->rank < 0)
        return KAON_OK;
    if (port->rank != tensor->rank)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "input \"%s\" has rank %d, the model wants rank %d", port->name,
                             tensor->rank, port->rank);
    for (int32_t d = 0; st == KAON_OK && d < port->rank; d++)
        st = bind_axis(axes, port, d, tensor->dims[d], msg);
    return st;
}

bool kaon_axes_apply(const struct kaon_axes *axes, const struct kaon_port *port,
                     struct kaon_tensor *tensor)
{
    if (port->rank < 0)
        return false;
    tensor->type = port->type;
    tensor->rank = port->rank;
    for (int32_t d = 0; d < port->rank; d++) {
        const struct kaon_axis *axis = port->axes[d] ? kaon_axes_find(axes, port->axes[d]) : NULL;
        tensor->dims[d] = port->dims[d] >= 0 ? port->dims[d] : axis ? axis->length : 1;
    }
    return true;
}

void kaon_axes_free(struct kaon_axes *axes)
{
    free(axes->axis);
    *axes = (struct kaon_axes){ 0 };
}
