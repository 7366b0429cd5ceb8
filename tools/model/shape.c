#include "tools/model/shape.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Appends as much as there is room for. */
__attribute__((format(printf, 3, 4))) static void add(struct kaon_shape_text *s, size_t *at,
                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(s->text + *at, sizeof s->text - *at, format, args);
    va_end(args);
    if (n > 0)
        *at += (size_t)n;
    if (*at >= sizeof s->text)
        *at = sizeof s->text - 1;
}

struct kaon_shape_text kaon_tensor_text(const struct kaon_tensor *t)
{
    struct kaon_shape_text s = { "" };
    size_t at = 0;

    if (t->type == KAON_SEQUENCE) {
        add(&s, &at, "sequence of %" PRId64, t->rank ? t->dims[0] : 0);
        return s;
    }
    add(&s, &at, "%s [", kaon_type_name(t->type));
    for (int32_t d = 0; d < t->rank; d++)
        add(&s, &at, "%s%" PRId64, d ? ", " : "", t->dims[d]);
    add(&s, &at, "]");
    return s;
}

struct kaon_shape_text kaon_port_text(const struct kaon_port *p)
{
    struct kaon_shape_text s = { "" };
    size_t at = 0;

    add(&s, &at, "%s [", kaon_type_name(p->type));
    for (int32_t d = 0; d < p->rank; d++) {
        if (p->dims[d] >= 0)
            add(&s, &at, "%s%" PRId64, d ? ", " : "", p->dims[d]);
        else
            add(&s, &at, "%s%.60s", d ? ", " : "", p->axes[d] ? p->axes[d] : "?");
    }
    add(&s, &at, p->rank < 0 ? "...]" : "]");
    return s;
}
