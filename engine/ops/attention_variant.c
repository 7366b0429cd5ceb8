/* Names of attention variants and their parameters, as attributes and options have them. */
#include "engine/ops/attention.h"

#include "engine/kaon_plugin.h"
#include "kernels/attention/attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(KAON_ATT_PARAMS == (int)KAON_ATTENTION_PARAMS, "one number for both");

struct kaon_attention_choice kaon_attention_softmax(void)
{
    return (struct kaon_attention_choice){ .variant = KAON_ATTENTION_softmax };
}

/* ---- what is near ----------------------------------------------------------------------------- */

size_t kaon_attention_distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t row[17];
    n_a = n_a < 16 ? n_a : 16;
    n_b = n_b < 16 ? n_b : 16;
    for (size_t j = 0; j <= n_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            const size_t kept = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = row[j] < kept ? row[j] : kept;
        }
    }
    return row[n_b];
}

/* Adds ", name" while there is room. */
static void add_name(char *text, size_t room, const char *name)
{
    const size_t used = strlen(text), n = strlen(name);
    if (used + n + 3 > room)
        return;
    memcpy(text + used, used ? ", " : "", used ? 2 : 0);
    memcpy(text + used + (used ? 2 : 0), name, n + 1);
}

/* What a variant or a plug-in says of itself, for those who read its parameters. */
struct about {
    const char *name;
    size_t n;
    struct {
        const char *name;
        double otherwise, least, most;
        bool required, array;
    } param[KAON_ATT_PARAMS];
};

static struct about about_variant(int i)
{
    const struct kaon_attention_info *info = kaon_attention_infos[i];
    struct about a = { .name = info->name };
    for (; a.n < KAON_ATT_PARAMS && info->param[a.n].name; a.n++) {
        a.param[a.n].name = info->param[a.n].name;
        a.param[a.n].otherwise = info->param[a.n].otherwise;
        a.param[a.n].least = info->param[a.n].least;
        a.param[a.n].most = info->param[a.n].most;
        a.param[a.n].required = info->param[a.n].required;
        a.param[a.n].array = info->param[a.n].shape && info->param[a.n].shape[0];
    }
    return a;
}

static struct about about_plugin(const struct kaon_attention_plugin *p)
{
    struct about a = { .name = p->name };
    for (; a.n < p->n_params && a.n < KAON_ATT_PARAMS; a.n++) {
        a.param[a.n].name = p->param[a.n].name;
        a.param[a.n].otherwise = p->param[a.n].otherwise;
        a.param[a.n].least = p->param[a.n].least;
        a.param[a.n].most = p->param[a.n].most;
    }
    return a;
}

/* Name i of the variants and, behind them, the plug-ins; NULL: there are no more. */
static const char *name_at(const struct kaon_attention_plugins *plugins, size_t i)
{
    if (i < KAON_ATTENTION_COUNT)
        return kaon_attention_infos[i]->name;
    i -= KAON_ATTENTION_COUNT;
    return plugins && i < plugins->n ? plugins->at[i]->name : NULL;
}

/* The names that are nearest, then those that begin alike. */
static void near_names(char *text, size_t room, const char *name, size_t n,
                       const struct kaon_attention_plugins *plugins)
{
    const char *other;
    size_t best = SIZE_MAX;
    text[0] = 0;
    for (size_t i = 0; (other = name_at(plugins, i)) != NULL; i++) {
        const size_t d = kaon_attention_distance(name, n, other, strlen(other));
        best = d < best ? d : best;
    }
    for (int nearest = 1; nearest >= 0; nearest--)
        for (size_t i = 0; (other = name_at(plugins, i)) != NULL; i++) {
            const bool is = kaon_attention_distance(name, n, other, strlen(other)) == best;
            if (is == nearest && (is || (n >= 4 && !strncmp(other, name, 4))))
                add_name(text, room, other);
        }
}

static void list_params(char *text, size_t room, const struct about *a)
{
    text[0] = 0;
    for (size_t i = 0; i < a->n; i++)
        add_name(text, room, a->param[i].name);
}

/* ---- reading ---------------------------------------------------------------------------------- */

static bool is_word(const char *word, const char *text, size_t n)
{
    return strlen(word) == n && !memcmp(word, text, n);
}

static int find_param(const struct about *a, const char *name, size_t n)
{
    for (size_t i = 0; i < a->n; i++)
        if (is_word(a->param[i].name, name, n))
            return (int)i;
    return -1;
}

/* A decimal number that is all of the text; the locale has no say. */
static bool read_number(const char *text, size_t n, double *x)
{
    double whole = 0.0, place = 1.0;
    bool digits = false, negative = n > 0 && text[0] == '-', point = false;
    size_t i = n > 0 && (text[0] == '-' || text[0] == '+');
    for (; i < n && text[i] != 'e' && text[i] != 'E'; i++) {
        if (text[i] == '.' && !point) {
            point = true;
        } else if (text[i] >= '0' && text[i] <= '9') {
            whole = whole * 10.0 + (text[i] - '0');
            place *= point ? 10.0 : 1.0;
            digits = true;
        } else {
            return false;
        }
    }
    long exponent = 0;
    if (i < n) {
        char *end;
        char copy[8] = "";
        if (n - i - 1 == 0 || n - i - 1 >= sizeof copy)
            return false;
        memcpy(copy, text + i + 1, n - i - 1);
        exponent = strtol(copy, &end, 10);
        if (*end)
            return false;
    }
    *x = (negative ? -whole : whole) / place * pow(10.0, (double)exponent);
    return digits && isfinite(*x);
}

static enum kaon_status read_param(struct kaon_attention_choice *c, const struct about *a,
                                   const char *text, size_t n, uint32_t *given,
                                   struct kaon_msg *msg)
{
    const char *equals = memchr(text, '=', n);
    const size_t name = equals ? (size_t)(equals - text) : n;
    const int i = find_param(a, text, name);
    char known[160];
    double x;
    list_params(known, sizeof known, a);
    if (i < 0)
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "%s has no parameter '%.*s'; it has %s", a->name,
                         (int)(name < 40 ? name : 40), text, known[0] ? known : "none");
    if (!equals || !read_number(equals + 1, n - name - 1, &x))
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "%s: parameter %s wants a number: %s=...", a->name,
                         a->param[i].name, a->param[i].name);
    if (!(x >= a->param[i].least && x <= a->param[i].most))
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "%s: %s is %g, wanted %g to %g", a->name,
                         a->param[i].name, x, a->param[i].least, a->param[i].most);
    c->param[i] = (float)x;
    *given |= 1u << i;
    return KAON_OK;
}

/* Everything behind the name. */
static enum kaon_status read_params(struct kaon_attention_choice *c, const struct about *a,
                                    const char *colon, const char *end, struct kaon_msg *msg)
{
    uint32_t given = 0;
    for (size_t i = 0; i < KAON_ATT_PARAMS; i++)
        c->param[i] = i < a->n ? (float)a->param[i].otherwise : 0.0f;
    for (const char *at = colon; at; at = colon) {
        colon = memchr(at + 1, ':', (size_t)(end - at - 1));
        const size_t part = (size_t)((colon ? colon : end) - at - 1);
        const enum kaon_status st = read_param(c, a, at + 1, part, &given, msg);
        if (st != KAON_OK)
            return st;
    }
    for (size_t i = 0; i < a->n; i++)
        if (a->param[i].required && !(given >> i & 1))
            return kaon_fail(msg, KAON_BAD_ARGUMENT, "%s needs its parameter %s%s", a->name,
                             a->param[i].name,
                             a->param[i].array ? ", an array, which cannot be given here" : "");
    return KAON_OK;
}

enum kaon_status kaon_attention_choose(struct kaon_attention_choice *choice, const char *text,
                                       size_t length, const struct kaon_attention_plugins *plugins,
                                       struct kaon_msg *msg)
{
    const char *end = text + length, *colon = memchr(text, ':', length), *name;
    const size_t n = colon ? (size_t)(colon - text) : length;
    for (size_t i = 0; (name = name_at(plugins, i)) != NULL; i++) {
        if (!is_word(name, text, n))
            continue;
        const bool own = i < KAON_ATTENTION_COUNT;
        const struct kaon_attention_plugin *p = own ? NULL : plugins->at[i - KAON_ATTENTION_COUNT];
        const struct about a = own ? about_variant((int)i) : about_plugin(p);
        *choice = (struct kaon_attention_choice){ .variant = own ? (int)i : 0, .plugin = p };
        return read_params(choice, &a, colon, end, msg);
    }
    char near[160];
    near_names(near, sizeof near, text, n, plugins);
    return kaon_fail(msg, KAON_BAD_ARGUMENT, "there is no attention variant '%.*s'; near are %s",
                     (int)(n < 40 ? n : 40), text, near);
}
