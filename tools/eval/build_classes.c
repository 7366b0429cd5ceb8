/* Classes: which jets are of which flavour, and which probability is theirs. */
#include "tools/eval/build_classes.h"
#include "tools/eval/build.h"
#include "tools/eval/fields.h"
#include "tools/eval/stored.h"

#include <string.h>

long kaon_eval_class_find(const struct eval_spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->n_classes; i++)
        if (!strcmp(spec->class[i].name, name))
            return (long)i;
    return -1;
}

static bool is_color(const char *text)
{
    return strlen(text) == 7 && text[0] == '#' && strspn(text + 1, "0123456789abcdefABCDEF") == 6;
}

/* "bjets" -> "b": the letter of f_b. */
static const char *letter_of(struct eval_build *b, const char *name)
{
    const size_t length = strlen(name);
    const size_t tail = length > 4 && !strcmp(name + length - 4, "jets") ? 4 : 0;
    return kaon_eval_pool_format(&b->spec->pool, "%.*s", (int)(length - tail), name);
}

/* ---- probabilities of a class ------------------------------------------------------------------ */

/* The probability of a class: the one that is said to be its, or the sum of several. */
static enum kaon_status find_probability(struct eval_build *b, struct eval_class *c)
{
    struct eval_spec *spec = b->spec;
    size_t found[EVAL_MOST_PROBABILITIES], n = 0;
    for (size_t i = 0; i < spec->n_probabilities; i++)
        if (spec->probability[i].class && !strcmp(spec->probability[i].class, c->name) &&
            !spec->probability[i].sum)
            found[n++] = i;
    c->probability = n ? (long)found[0] : -1;
    if (n < 2)
        return KAON_OK;
    struct eval_probability *p = &spec->probability[spec->n_probabilities];
    *p = (struct eval_probability){ .n_sum = n };
    p->class = c->name;
    p->published = kaon_eval_pool_format(&spec->pool, "%s_sum_%s", spec->name, c->letter);
    p->sum = kaon_eval_pool_take(&spec->pool, n, sizeof *p->sum);
    if (!p->published || !p->sum)
        return kaon_eval_build_no_memory(b);
    memcpy(p->sum, found, n * sizeof *found);
    c->probability = (long)spec->n_probabilities++;
    return KAON_OK;
}

/* ---- one class --------------------------------------------------------------------------------- */

static enum kaon_status add_cuts(struct eval_build *b, struct eval_class *c,
                                 const struct eval_select *select, const char *where)
{
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < select->n; i++) {
        c->select_text[i] = kaon_eval_pool_text(&b->spec->pool, select->cut[i]);
        status = c->select_text[i]
                     ? kaon_eval_cut_parse(&c->select[i], select->cut[i], where, b->msg)
                     : kaon_eval_build_no_memory(b);
        c->n_selects++;
    }
    return status;
}

static enum kaon_status add_class(struct eval_build *b, const struct eval_flavour *f,
                                  const struct eval_select *select, const char *source)
{
    struct eval_spec *spec = b->spec;
    if (spec->n_classes == EVAL_MOST_CLASSES)
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: more than %d classes", source,
                             EVAL_MOST_CLASSES);
    struct eval_class *c = &spec->class[spec->n_classes];
    const char *color = f->color;
    if (!color || !is_color(color))
        color = kaon_eval_colors[spec->n_classes % kaon_eval_n_colors];
    *c = (struct eval_class){ .source = source };
    c->name = kaon_eval_pool_text(&spec->pool, f->name);
    c->text = kaon_eval_pool_text(&spec->pool, f->text ? f->text : f->name);
    c->color = kaon_eval_pool_text(&spec->pool, color);
    c->letter = f->letter ? kaon_eval_pool_text(&spec->pool, f->letter) : letter_of(b, f->name);
    const char *where = kaon_eval_pool_format(&spec->pool, "%s: class '%s'", source, f->name);
    if (!c->name || !c->text || !c->color || !c->letter || !where)
        return kaon_eval_build_no_memory(b);
    spec->n_classes++;
    const enum kaon_status status = find_probability(b, c);
    return status ? status : add_cuts(b, c, select, where);
}

/* ---- from a category --------------------------------------------------------------------------- */

/* Whether the fields of all cuts are among those of the data. */
static bool is_there(const struct eval_build *b, const struct eval_select *select)
{
    for (size_t i = 0; i < select->n; i++) {
        struct eval_cut cut;
        if (kaon_eval_cut_parse(&cut, select->cut[i], "", NULL) ||
            kaon_eval_field_find(b->fields.field, b->fields.n, cut.field) < 0)
            return false;
    }
    return true;
}

static bool is_column(const struct eval_build *b, const struct eval_flavour *f, size_t column)
{
    const struct eval_names *columns = &b->category.columns;
    return !strcmp(columns->n ? columns->name[column] : b->category.flavour[column].name, f->name);
}

/* Labels of an array `truth` beside `prediction`: the column's number, or one-hot. NULL: there is
 * none, or it cannot be said in few enough cuts. */
static const struct eval_select *truth_of(struct eval_build *b, const struct eval_flavour *f)
{
    struct eval_pool *pool = &b->spec->pool;
    const size_t n = b->category.columns.n ? b->category.columns.n : b->category.n;
    const bool number = kaon_eval_field_find(b->fields.field, b->fields.n, "truth") >= 0;
    struct eval_select *s = kaon_eval_pool_take(pool, 1, sizeof *s);
    const char *list = "";
    size_t own = 0, last = 0;
    for (size_t i = 0; list && i < n; i++)
        if (is_column(b, f, i)) {
            list = kaon_eval_pool_format(pool, "%s%s%zu", list, own++ ? ", " : "", i);
            last = i;
        }
    if (!s || !list || own == 0 || (!number && kaon_eval_stored_columns(&b->fields, "truth") != n))
        return NULL;
    if (number || own == 1) {
        s->n = 1;
        s->cut[0] = number ? kaon_eval_pool_format(pool, "truth in (%s)", list)
                           : kaon_eval_pool_format(pool, "truth[%zu] == 1", last);
        return s->cut[0] ? s : NULL;
    }
    for (size_t i = 0; i < n; i++) {
        if (is_column(b, f, i))
            continue;
        if (s->n == EVAL_MOST_SELECTS ||
            !(s->cut[s->n++] = kaon_eval_pool_format(pool, "truth[%zu] == 0", i)))
            return NULL;
    }
    return s;
}

/* The form of the label that the data has; without data the first. */
static const struct eval_select *form_of(struct eval_build *b, const struct eval_flavour *f)
{
    const bool columns = kaon_eval_stored_columns(&b->fields, "prediction") > 0;
    for (size_t i = 0; (columns || f->n_selects > 1) && i < f->n_selects; i++)
        if (is_there(b, &f->select[i]))
            return &f->select[i];
    const struct eval_select *truth = columns ? truth_of(b, f) : NULL;
    return truth ? truth : &f->select[0];
}

static enum kaon_status add_known(struct eval_build *b, const struct eval_flavour *f)
{
    return add_class(b, f, form_of(b, f), b->category.source);
}

/* ---- from eval.json ---------------------------------------------------------------------------- */

/* What eval.json says of a class, over what the category knows of it. */
static enum kaon_status read_class(struct eval_build *b, const char *name, json_t *json)
{
    const struct eval_flavour *known = kaon_eval_flavour(&b->category, name);
    const char *where = b->spec->config_path;
    struct eval_flavour f = { .name = name };
    struct eval_select select = { .n = 0 };
    const json_t *cuts = json_object_get(json, "select");
    if (known)
        f = *known, select = *form_of(b, known);
    const struct {
        const char *key;
        const char **to;
    } texts[] = {
        { "text", &f.text },
        { "color", &f.color },
        { "letter", &f.letter },
        { "fraction", &f.letter },
    };
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < sizeof texts / sizeof *texts; i++)
        status = kaon_eval_json_text(json, texts[i].key, texts[i].to, where, b->msg);
    const size_t n = json_is_array(cuts) ? json_array_size(cuts) : cuts ? 1 : 0;
    if (n)
        select.n = n;
    for (size_t i = 0; !status && i < n; i++) {
        const char *cut = json_string_value(json_is_array(cuts) ? json_array_get(cuts, i) : cuts);
        if (!cut || n > EVAL_MOST_SELECTS)
            return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                                 "%s: class '%s': 'select' must be a cut or a list of up to %d",
                                 where, name, EVAL_MOST_SELECTS);
        select.cut[i] = cut;
    }
    if (!status && select.n == 0)
        status =
            kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: class '%s' has no 'select'", where, name);
    return status ? status : add_class(b, &f, &select, n || !known ? where : b->category.source);
}

/* An object of classes by name, or a list of objects with a name. */
static enum kaon_status from_config(struct eval_build *b, json_t *classes)
{
    enum kaon_status status = KAON_OK;
    const char *name;
    json_t *json;
    json_object_foreach(classes, name, json) if (!status) status = read_class(b, name, json);
    for (size_t i = 0; !status && i < json_array_size(classes); i++) {
        json = json_array_get(classes, i);
        name = NULL;
        status = kaon_eval_json_text(json, "name", &name, b->spec->config_path, b->msg);
        if (!status && !name)
            status = kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: a class in 'classes' has no 'name'",
                                   b->spec->config_path);
        if (!status)
            status = read_class(b, name, json);
    }
    return status;
}

/* ---- all --------------------------------------------------------------------------------------- */

static bool is_usual(struct eval_build *b, const struct eval_class *c)
{
    const struct eval_flavour *known = kaon_eval_flavour(&b->category, c->name);
    const struct eval_select *select = known ? form_of(b, known) : NULL;
    if (!known || select->n != c->n_selects)
        return false;
    for (size_t i = 0; i < select->n; i++) {
        struct eval_cut usual;
        if (kaon_eval_cut_parse(&usual, select->cut[i], "", NULL) ||
            strcmp(usual.field, c->select[i].field) || usual.op != c->select[i].op ||
            usual.value[0] != c->select[i].value[0])
            return false;
    }
    return true;
}

/* Flavours that the data may hold although the model has no probability for them: with the usual
 * labels their rejection is of interest too (τ-jets for a tagger trained on b, c and light). */
static enum kaon_status complete(struct eval_build *b)
{
    struct eval_spec *spec = b->spec;
    const size_t n = spec->n_classes;
    for (size_t i = 0; i < n; i++)
        if (!is_usual(b, &spec->class[i]))
            return KAON_OK; /* another way of labelling */
    for (size_t i = 0; i < b->category.n; i++) {
        const struct eval_flavour *f = &b->category.flavour[i];
        if (kaon_eval_class_find(spec, f->name) >= 0)
            continue;
        enum kaon_status status = add_known(b, f);
        if (!status)
            status = kaon_eval_spec_note(spec, b->msg,
                                         "class '%s' (%s) is a background without a "
                                         "probability of its own",
                                         f->name, form_of(b, f)->cut[0]);
        if (status)
            return status;
    }
    return KAON_OK;
}

enum kaon_status kaon_eval_build_classes(struct eval_build *b)
{
    json_t *classes =
        b->config && !b->choices->category ? json_object_get(b->config, "classes") : NULL;
    const bool listed = json_is_object(classes) || json_is_array(classes);
    enum kaon_status status = KAON_OK;
    if (classes && !listed && !json_is_string(classes) && !json_is_null(classes))
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                             "%s: 'classes' must be the name of a category, an object or a list",
                             b->spec->config_path);
    if (listed)
        status = from_config(b, classes);
    for (size_t i = 0; !status && !listed && i < b->category.n; i++)
        status = add_known(b, &b->category.flavour[i]);
    return status ? status : complete(b);
}
