/* The attribute reader: see struct kaon_attr_reader in op.h. */
#include "engine/base/op.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void kaon_attr_fail(struct kaon_attr_reader *r, enum kaon_status status, const char *format, ...)
{
    if (r->status != KAON_OK)
        return;
    char text[384];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    r->status = kaon_fail(r->msg, status, "%s", text);
}

static const struct kaon_attr *find(struct kaon_attr_reader *r, const char *name)
{
    for (size_t i = 0; i < r->n; i++)
        if (!strcmp(r->attr[i].name, name)) {
            r->used |= (uint64_t)1 << i;
            return &r->attr[i];
        }
    return NULL;
}

static const struct kaon_attr *find_typed(struct kaon_attr_reader *r, const char *name,
                                          enum kaon_attr_type type, const char *wanted)
{
    const struct kaon_attr *a = find(r, name);
    if (a && a->type != type) {
        kaon_attr_fail(r, KAON_BAD_MODEL, "attribute '%s' has ONNX attribute type %d, wanted %s",
                       name, (int)a->type, wanted);
        return NULL;
    }
    return a;
}

bool kaon_attr_has(struct kaon_attr_reader *r, const char *name)
{
    return find(r, name) != NULL;
}

void kaon_attr_skip(struct kaon_attr_reader *r, const char *name)
{
    find(r, name);
}

int64_t kaon_attr_int(struct kaon_attr_reader *r, const char *name, int64_t otherwise)
{
    const struct kaon_attr *a = find_typed(r, name, KAON_ATTR_INT, "an integer");
    return a ? a->i : otherwise;
}

bool kaon_attr_bool(struct kaon_attr_reader *r, const char *name, bool otherwise)
{
    return kaon_attr_int(r, name, otherwise) != 0;
}

float kaon_attr_float(struct kaon_attr_reader *r, const char *name, float otherwise)
{
    const struct kaon_attr *a = find_typed(r, name, KAON_ATTR_FLOAT, "a float");
    return a ? a->f : otherwise;
}

const char *kaon_attr_text(struct kaon_attr_reader *r, const char *name, const char *otherwise)
{
    const struct kaon_attr *a = find_typed(r, name, KAON_ATTR_STRING, "a string");
    return a ? a->s : otherwise;
}

int kaon_attr_word(struct kaon_attr_reader *r, const char *name, int otherwise,
                   const char *const *words, int n)
{
    const char *s = kaon_attr_text(r, name, NULL);
    if (!s)
        return otherwise;
    for (int i = 0; i < n; i++)
        if (!strcmp(s, words[i]))
            return i;
    kaon_attr_fail(r, KAON_UNSUPPORTED, "attribute '%s' is '%s', wanted '%s'%s", name, s, words[0],
                   n > 1 ? " or another word of its list" : "");
    return otherwise;
}

const int64_t *kaon_attr_ints(struct kaon_attr_reader *r, const char *name, int32_t *n)
{
    const struct kaon_attr *a = find_typed(r, name, KAON_ATTR_INTS, "a list of integers");
    *n = a ? (int32_t)a->n : -1;
    return a ? a->ints : NULL;
}

const float *kaon_attr_floats(struct kaon_attr_reader *r, const char *name, int32_t *n)
{
    const struct kaon_attr *a = find_typed(r, name, KAON_ATTR_FLOATS, "a list of floats");
    *n = a ? (int32_t)a->n : -1;
    return a ? a->floats : NULL;
}

const char *const *kaon_attr_strings(struct kaon_attr_reader *r, const char *name, int32_t *n)
{
    const struct kaon_attr *a = find_typed(r, name, KAON_ATTR_STRINGS, "a list of strings");
    *n = a ? (int32_t)a->n : -1;
    return a ? a->strings : NULL;
}

const struct kaon_tensor *kaon_attr_tensor(struct kaon_attr_reader *r, const char *name)
{
    const struct kaon_attr *a = find_typed(r, name, KAON_ATTR_TENSOR, "a tensor");
    return a ? a->tensor : NULL;
}
