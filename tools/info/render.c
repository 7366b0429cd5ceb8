#include "tools/info/render.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_WIDTH = 60 };

static void value(struct kaon_out *out, const json_t *v)
{
    if (json_is_string(v)) {
        kaon_out_name(out, json_string_value(v));
        return;
    }
    char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
    kaon_out_printf(out, "%s", text ? text : "?");
    free(text);
}

/* "ai.onnx 20, ai.onnx.ml 2" */
static void pairs(struct kaon_out *out, json_t *object)
{
    const char *name, *comma = "";
    json_t *v;
    json_object_foreach(object, name, v)
    {
        kaon_out_printf(out, "%s", comma);
        kaon_out_name(out, name);
        kaon_out_printf(out, " ");
        value(out, v);
        comma = ", ";
    }
}

static void member(struct kaon_out *out, const char *label, json_t *v)
{
    if (!v || json_is_null(v))
        return;
    kaon_out_printf(out, "  %-14s ", label);
    if (json_is_object(v))
        pairs(out, v);
    else
        value(out, v);
    kaon_out_printf(out, "\n");
}

/* A name, and spaces up to `width`. */
static void padded(struct kaon_out *out, const char *name, size_t width)
{
    const size_t n = strlen(name);
    kaon_out_name(out, name);
    kaon_out_printf(out, "%*s", n < width ? (int)(width - n) : 0, "");
}

/* The widest name, as far as it leaves room for the rest. */
static size_t name_width(const json_t *list)
{
    size_t i, width = 0;
    json_t *port;
    json_array_foreach(list, i, port)
    {
        const size_t n = json_string_length(json_object_get(port, "name"));
        width = n > width && n <= 40 ? n : width;
    }
    return width;
}

static void ports(struct kaon_out *out, const char *title, const json_t *list)
{
    const size_t width = name_width(list);
    size_t i, d;
    json_t *port, *axis;

    kaon_out_printf(out, "\n%s\n", title);
    json_array_foreach(list, i, port)
    {
        const json_t *shape = json_object_get(port, "shape");
        kaon_out_printf(out, "  ");
        padded(out, json_string_value(json_object_get(port, "name")), width);
        kaon_out_printf(out, "  %s [", json_string_value(json_object_get(port, "type")));
        json_array_foreach(shape, d, axis)
        {
            kaon_out_printf(out, "%s", d ? ", " : "");
            if (json_is_null(axis))
                kaon_out_printf(out, "?");
            else
                value(out, axis);
        }
        kaon_out_printf(out, json_is_null(shape) ? "...]\n" : "]\n");
    }
}

struct count {
    const char *name;
    json_int_t n;
};

static int by_count(const void *a, const void *b)
{
    const struct count *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : strcmp(x->name, y->name);
}

/* The most frequent first. */
static void counts(struct kaon_out *out, const char *title, const json_t *object)
{
    struct count *list = calloc(json_object_size(object) + 1, sizeof *list);
    size_t n = 0;
    const char *name;
    json_t *v;

    if (!list) {
        out->error = ENOMEM;
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)object, name, v) /* the loop only reads */
        list[n++] = (struct count){ name, json_integer_value(v) };
    qsort(list, n, sizeof *list, by_count);
    kaon_out_printf(out, "\n%s\n", title);
    for (size_t i = 0; i < n; i++) {
        kaon_out_printf(out, "  %6" JSON_INTEGER_FORMAT "  ", list[i].n);
        kaon_out_name(out, list[i].name);
        kaon_out_printf(out, "\n");
    }
    free(list);
}

/* Metadata can be long (normalisation constants): the beginning is shown, --json has all. */
static void metadata(struct kaon_out *out, const json_t *object)
{
    const char *key;
    json_t *text;

    if (json_object_size(object) == 0)
        return;
    kaon_out_printf(out, "\nMetadata\n");
    json_object_foreach((json_t *)(uintptr_t)object, key, text)
    {
        char start[VALUE_WIDTH + 1];
        const char *whole = json_string_value(text);
        size_t n = strlen(whole);
        if (n > VALUE_WIDTH)
            for (n = VALUE_WIDTH; n > 0 && ((unsigned char)whole[n] & 0xc0) == 0x80;)
                n--; /* not inside a UTF-8 character */
        memcpy(start, whole, n);
        start[n] = 0;
        kaon_out_printf(out, "  ");
        kaon_out_name(out, key);
        kaon_out_printf(out, "  ");
        kaon_out_name(out, start);
        kaon_out_printf(out, whole[n] ? "... (%zu bytes)\n" : "\n", strlen(whole));
    }
}

static void cost(struct kaon_out *out, const json_t *info)
{
    const json_t *c = json_object_get(info, "cost");
    const char *name;
    json_t *length;

    if (json_is_null(c)) {
        kaon_out_printf(out, "\nCost\n");
        member(out, "unknown", json_object_get(info, "cost_unknown"));
        return;
    }
    kaon_out_printf(out, "\nCost of one run");
    const char *separator = " at ";
    json_object_foreach(json_object_get(c, "dims"), name, length)
    {
        kaon_out_printf(out, "%s", separator);
        kaon_out_name(out, name);
        kaon_out_printf(out, "=%" JSON_INTEGER_FORMAT, json_integer_value(length));
        separator = ", ";
    }
    kaon_out_printf(out, "\n");
    member(out, "steps", json_object_get(c, "steps"));
    member(out, "multiply-adds", json_object_get(c, "macs"));
    member(out, "arena bytes", json_object_get(c, "arena_bytes"));
    member(out, "plan bytes", json_object_get(c, "plan_bytes"));
}

void kaon_info_render(const json_t *info, struct kaon_out *out)
{
    static const struct {
        const char *label, *member;
    } head[] = {
        { "bytes", "bytes" },           { "sha256", "sha256" },
        { "producer", "producer" },     { "version", "producer_version" },
        { "domain", "domain" },         { "graph", "graph_name" },
        { "IR version", "ir_version" }, { "opset", "opset" },
        { "nodes", "nodes" },           { "parameters", "parameters" },
        { "kernels for", "isa" },
    };

    kaon_out_name(out, json_string_value(json_object_get(info, "model")));
    kaon_out_printf(out, "\n");
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        member(out, head[i].label, json_object_get(info, head[i].member));
    ports(out, "Inputs", json_object_get(info, "inputs"));
    ports(out, "Outputs", json_object_get(info, "outputs"));
    counts(out, "Operators", json_object_get(info, "operators"));
    cost(out, info);
    metadata(out, json_object_get(info, "metadata"));
}

void kaon_info_render_members(const json_t *object, struct kaon_out *out)
{
    const char *name;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)object, name, v) member(out, name, v);
}
