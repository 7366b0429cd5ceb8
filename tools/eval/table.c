#include "tools/eval/table.h"

#include "tools/eval/components.h"
#include "tools/eval/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of whole elements that are read at a time; of more, libhdf5 takes the fields out. */
static const size_t most_packed = (size_t)16 << 20;

/* More than any file of jets has; a file that claims more is broken. */
enum { MOST_ELEMENT = 1 << 16, MOST_MEMBERS = 4096, MOST_COMPONENTS = 64 };

static enum kaon_status no_memory(struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

/* ---- arrays ------------------------------------------------------------------------------------ */

/* Opens one more array of the table. */
static enum kaon_status open_array(struct eval_table *t, const char *where,
                                   struct eval_array **array, struct kaon_msg *msg)
{
    struct eval_array *a = kaon_eval_pool_take(t->pool, 1, sizeof *a);
    if (!a)
        return no_memory(msg);
    const enum kaon_status status = kaon_eval_array_open(a, t->file, t->path, where, msg);
    if (status)
        return status;
    t->array[t->n_arrays++] = *array = a;
    return KAON_OK;
}

/* The array of a member, opened and checked when it is first wanted. */
static enum kaon_status array_of(struct eval_table *t, size_t member, struct eval_array **array,
                                 struct kaon_msg *msg)
{
    struct eval_member *m = &t->column[member];
    *array = m->in;
    for (size_t i = 0; !m->in && i < t->n_arrays; i++)
        if (!strcmp(t->array[i]->name, m->where))
            *array = m->in = t->array[i];
    if (m->in)
        return KAON_OK;
    enum kaon_status status = open_array(t, m->where, array, msg);
    if (!status)
        status = kaon_eval_array_check(*array, t->file, msg);
    if (status)
        return status;
    struct eval_array *a = *array;
    if (a->rows != t->rows)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: dataset '%s' has %llu rows, others have %llu", t->path, a->name,
                             (unsigned long long)a->rows, (unsigned long long)t->rows);
    if (t->width && t->rank == 2 && a->dim[1] != t->width)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: dataset '%s' has rows of %zu entries, others have %zu", t->path,
                             a->name, a->dim[1], t->width);
    t->width = t->rank == 2 ? a->dim[1] : 1;
    if (a->chunk[0] > t->chunk_rows)
        t->chunk_rows = a->chunk[0];
    m->in = a;
    return KAON_OK;
}

/* ---- a compound -------------------------------------------------------------------------------- */

/* libhdf5 copies members from wherever the file says that they lie. */
static bool members_lie_within(hid_t type)
{
    const size_t whole = H5Tget_size(type);
    const int n = H5Tget_nmembers(type);
    for (int i = 0; i < n; i++) {
        const size_t at = H5Tget_member_offset(type, (unsigned)i);
        const hid_t member = H5Tget_member_type(type, (unsigned)i);
        const size_t bytes = member < 0 ? 0 : H5Tget_size(member);
        if (member >= 0)
            H5Tclose(member);
        if (bytes == 0 || at > whole || bytes > whole - at)
            return false;
    }
    return n >= 0;
}

static enum kaon_status open_compound(struct eval_table *t, struct eval_array *a,
                                      struct kaon_msg *msg)
{
    if (a->rank != t->rank)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: dataset '%s' has rank %d, wanted %d",
                             t->path, t->name, a->rank, t->rank);
    if (H5Tget_size(a->type) > MOST_ELEMENT || H5Tget_nmembers(a->type) > MOST_MEMBERS)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: dataset '%s' has %d fields in %zu bytes, too many", t->path,
                             t->name, H5Tget_nmembers(a->type), H5Tget_size(a->type));
    if (!members_lie_within(a->type))
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: dataset '%s' has fields that lie outside its elements", t->path,
                             t->name);
    const enum kaon_status status = kaon_eval_array_check(a, t->file, msg);
    if (status)
        return status;
    t->is_compound = true;
    t->member = kaon_eval_h5_members(a->type, &t->n_members, t->pool);
    t->column = kaon_eval_pool_take(t->pool, t->n_members + 1, sizeof *t->column);
    if (!t->member || !t->column)
        return no_memory(msg);
    for (size_t i = 0; i < t->n_members; i++)
        t->column[i] = (struct eval_member){ t->member[i], t->name, 0, a };
    t->rows = a->rows;
    t->width = t->rank == 2 ? a->dim[1] : 1;
    t->chunk_rows = a->chunk[0];
    return KAON_OK;
}

/* ---- columns of arrays ------------------------------------------------------------------------- */

/* Arrays that may be columns, as they are found. */
struct listing {
    struct eval_table *table;
    const char *group; /* "tracks/", or "" */
    bool components;   /* arrays with one axis more, which are many columns, in a second round */
    uint64_t rows[MOST_MEMBERS];
    size_t room;
    bool failed;
};

static void add_member(struct listing *l, const char *name, const char *where, size_t component,
                       uint64_t rows)
{
    struct eval_table *t = l->table;
    if (t->n_members == MOST_MEMBERS || l->failed)
        return;
    l->failed = !name || !where;
    l->rows[t->n_members] = rows;
    t->member[t->n_members] = name;
    t->column[t->n_members++] = (struct eval_member){ name, where, component, NULL };
}

/* One array: a column, or with one axis more several. */
static void add_array(struct listing *l, const char *name, const char *where)
{
    struct eval_table *t = l->table;
    struct eval_array a;
    if (kaon_eval_array_open(&a, t->file, t->path, where, NULL))
        return;
    const bool number = kaon_eval_type_is_number(a.type);
    char *kept = kaon_eval_pool_text(t->pool, where);
    if (number && a.rank == t->rank && !l->components)
        add_member(l, kaon_eval_pool_text(t->pool, name), kept, 0, a.rows);
    const bool several = number && l->components && a.rank == t->rank + 1;
    const size_t n = several ? a.dim[a.rank - 1] : 0;
    for (size_t k = 0; n <= MOST_COMPONENTS && k < n; k++) {
        const char *known = kaon_eval_component(name, n, k);
        if (known)
            add_member(l, kaon_eval_pool_text(t->pool, known), kept, k, a.rows);
        add_member(l, kaon_eval_pool_format(t->pool, "%s[%zu]", name, k), kept, k, a.rows);
    }
    kaon_eval_array_close(&a);
}

static herr_t visit(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
    struct listing *l = user;
    H5O_info_t object;
    char where[512];
    (void)info;
    if (snprintf(where, sizeof where, "%s%s", l->group, name) < (int)sizeof where &&
        H5Oget_info_by_name2(group, name, &object, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 &&
        object.type == H5O_TYPE_DATASET)
        add_array(l, name, where);
    return l->failed || l->table->n_members == MOST_MEMBERS;
}

/* The length that most of the arrays have. */
static uint64_t usual_rows(const struct listing *l)
{
    const size_t n = l->table->n_members;
    uint64_t best = 0;
    size_t most = 0;
    for (size_t i = 0; i < n; i++) {
        size_t same = 0;
        for (size_t k = 0; k < n; k++)
            same += l->rows[k] == l->rows[i];
        if (same > most)
            most = same, best = l->rows[i];
    }
    return best;
}

static enum kaon_status list_columns(struct eval_table *t, const char *group, const char *single,
                                     struct kaon_msg *msg)
{
    struct listing *l = calloc(1, sizeof *l);
    t->column = kaon_eval_pool_take(t->pool, MOST_MEMBERS, sizeof *t->column);
    t->member = kaon_eval_pool_take(t->pool, MOST_MEMBERS + 1, sizeof *t->member);
    t->array = kaon_eval_pool_take(t->pool, MOST_MEMBERS, sizeof *t->array);
    if (!l || !t->column || !t->member || !t->array) {
        free(l);
        return no_memory(msg);
    }
    l->table = t;
    l->group = group;
    for (int round = 0; round < 2; round++) {
        l->components = round == 1;
        if (single)
            add_array(l, single, single);
        else
            H5Literate_by_name(t->file, *group ? group : "/", H5_INDEX_NAME, H5_ITER_INC, NULL,
                               visit, l, H5P_DEFAULT);
    }
    const bool failed = l->failed;
    t->rows = usual_rows(l);
    t->width = t->rank == 1;
    free(l);
    return failed ? no_memory(msg) : KAON_OK;
}

/* ---- opening ----------------------------------------------------------------------------------- */

static bool is_of_type(hid_t file, const char *name, H5O_type_t type)
{
    H5O_info_t object;
    return H5Lexists(file, name, H5P_DEFAULT) > 0 &&
           H5Oget_info_by_name2(file, name, &object, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 &&
           object.type == type;
}

static enum kaon_status open_dataset(struct eval_table *t, struct kaon_msg *msg)
{
    struct eval_array *a = NULL;
    enum kaon_status status = open_array(t, t->name, &a, msg);
    if (status)
        return status;
    if (H5Tget_class(a->type) == H5T_COMPOUND)
        return open_compound(t, a, msg);
    kaon_eval_array_close(a);
    t->n_arrays = 0;
    status = list_columns(t, "", t->name, msg);
    if (!status && t->n_members == 0)
        status =
            kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: dataset '%s' is no compound with named fields",
                          t->path, t->name);
    return status;
}

static enum kaon_status open_columns(struct eval_table *t, struct kaon_msg *msg)
{
    char *group = "";
    if (is_of_type(t->file, t->name, H5O_TYPE_GROUP))
        group = kaon_eval_pool_format(t->pool, "%s/", t->name);
    if (!group)
        return no_memory(msg);
    enum kaon_status status = list_columns(t, group, NULL, msg);
    if (!status && t->n_members == 0)
        status = kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: has no dataset '%s'", t->path, t->name);
    return status;
}

enum kaon_status kaon_eval_table_open(struct eval_table *table, hid_t file, const char *path,
                                      const char *name, int rank, struct eval_pool *pool,
                                      struct kaon_msg *msg)
{
    *table =
        (struct eval_table){ .path = path, .name = name, .file = file, .pool = pool, .rank = rank };
    table->array = kaon_eval_pool_take(pool, 1, sizeof *table->array);
    if (!table->array)
        return no_memory(msg);
    const enum kaon_status status = is_of_type(file, name, H5O_TYPE_DATASET)
                                        ? open_dataset(table, msg)
                                        : open_columns(table, msg);
    if (status)
        kaon_eval_table_close(table);
    return status;
}

void kaon_eval_table_close(struct eval_table *table)
{
    for (size_t i = 0; i < table->n_arrays; i++)
        kaon_eval_array_close(table->array[i]);
    table->n_arrays = 0;
    free(table->packed);
    table->packed = NULL;
    table->packed_room = table->packed_rows = 0;
}

/* ---- members ----------------------------------------------------------------------------------- */

static enum kaon_status missing(const struct eval_table *t, const char *name, const char *by,
                                struct kaon_msg *msg)
{
    char tried[256] = "", other[128], alike[200];
    size_t length = 0;
    for (size_t k = 0; kaon_eval_field_alias(name, k, other, sizeof other); k++)
        length += (size_t)snprintf(tried + length, sizeof tried - length, "%s'%s'",
                                   k ? ", " : " (also tried ", other);
    if (length)
        snprintf(tried + length, sizeof tried - length, ")");
    kaon_eval_field_look_alikes(t->member, t->n_members, name, alike, sizeof alike);
    return kaon_cli_fail(msg, KAON_BAD_INPUT,
                         "%s: dataset '%s' has no field '%s' wanted by %s%s%s%s", t->path, t->name,
                         name, by, tried, *alike ? "; fields that look alike: " : "", alike);
}

hid_t kaon_eval_table_type(struct eval_table *table, size_t member)
{
    struct eval_array *a;
    if (array_of(table, member, &a, NULL))
        return -1;
    return table->is_compound ? H5Tget_member_type(a->type, (unsigned)member) : H5Tcopy(a->type);
}

enum kaon_status kaon_eval_table_field(struct eval_table *table, const char *name, const char *by,
                                       size_t *member, struct kaon_msg *msg)
{
    struct eval_array *a;
    const long at = kaon_eval_field_find(table->member, table->n_members, name);
    if (at < 0)
        return missing(table, name, by, msg);
    const enum kaon_status status = array_of(table, (size_t)at, &a, msg);
    if (status)
        return status;
    const hid_t type = kaon_eval_table_type(table, (size_t)at);
    const bool number = type >= 0 && kaon_eval_type_is_number(type);
    if (type >= 0)
        H5Tclose(type);
    if (!number)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: dataset '%s' field '%s' is not a number of 1 to 8 bytes",
                             table->path, table->name, table->member[at]);
    *member = (size_t)at;
    return KAON_OK;
}

bool kaon_eval_table_is_half(struct eval_table *table, size_t member)
{
    const hid_t type = kaon_eval_table_type(table, member);
    const bool half = type >= 0 && H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) == 2;
    if (type >= 0)
        H5Tclose(type);
    return half;
}

/* ---- views ------------------------------------------------------------------------------------- */

enum kaon_status kaon_eval_view_open(struct eval_view *view, struct eval_table *table, size_t most,
                                     struct kaon_msg *msg)
{
    *view = (struct eval_view){ .table = table, .compound = -1 };
    view->column = kaon_eval_pool_take(table->pool, most + 1, sizeof *view->column);
    return view->column ? KAON_OK : no_memory(msg);
}

enum kaon_status kaon_eval_view_add(struct eval_view *view, size_t member, hid_t type, size_t at,
                                    struct kaon_msg *msg)
{
    struct eval_array *a;
    const enum kaon_status status = array_of(view->table, member, &a, msg);
    if (status)
        return status;
    const hid_t own = H5Tcopy(type);
    const size_t end = own < 0 ? 0 : at + H5Tget_size(own);
    if (own < 0)
        return no_memory(msg);
    view->column[view->n].member = member;
    view->column[view->n].at = at;
    view->column[view->n++].type = own;
    if (end > view->bytes)
        view->bytes = end;
    return KAON_OK;
}

/* The fields of the view in stored elements; NULL where only libhdf5 can take them out. */
static struct eval_packed_field *packed_fields(const struct eval_view *v)
{
    const struct eval_table *t = v->table;
    const hid_t stored = t->array[0]->type;
    struct eval_packed_field *field = kaon_eval_pool_take(t->pool, v->n + 1, sizeof *field);
    bool fits = field && kaon_eval_packed_fits(t->array[0]);
    for (size_t i = 0; fits && i < v->n; i++) {
        const unsigned member = (unsigned)v->column[i].member;
        const hid_t from = H5Tget_member_type(stored, member);
        field[i].take = from < 0 ? NULL : kaon_eval_packed_take(from, v->column[i].type);
        field[i].from = H5Tget_member_offset(stored, member);
        field[i].to = v->column[i].at;
        fits = field[i].take != NULL;
        if (from >= 0)
            H5Tclose(from);
    }
    return fits ? field : NULL;
}

static enum kaon_status open_compound_view(struct eval_view *v, struct kaon_msg *msg)
{
    const struct eval_table *t = v->table;
    v->field = packed_fields(v);
    v->compound = H5Tcreate(H5T_COMPOUND, v->bytes);
    for (size_t i = 0; v->compound >= 0 && i < v->n; i++)
        if (H5Tinsert(v->compound, t->member[v->column[i].member], v->column[i].at,
                      v->column[i].type) < 0)
            return kaon_cli_fail(msg, KAON_IO, "%s: field '%s' cannot be asked for", t->path,
                                 t->member[v->column[i].member]);
    return KAON_OK;
}

/* Whole elements, once for all views that want the same rows. */
static enum kaon_status read_packed(struct eval_view *v, uint64_t first, size_t rows, void *to,
                                    struct kaon_msg *msg)
{
    struct eval_table *t = v->table;
    const size_t bytes = H5Tget_size(t->array[0]->type), n = rows * t->width;
    enum kaon_status status = KAON_OK;
    if (t->packed_room < n * bytes) {
        free(t->packed);
        t->packed = malloc(n * bytes);
        t->packed_room = t->packed ? n * bytes : 0;
        t->packed_rows = 0;
        if (!t->packed)
            return no_memory(msg);
    }
    if (t->packed_first != first || t->packed_rows != rows)
        status = kaon_eval_array_read(t->array[0], t->array[0]->type, first, rows, t->rank, 0,
                                      t->packed, msg);
    t->packed_first = first;
    t->packed_rows = status ? 0 : rows;
    if (!status)
        kaon_eval_packed_unpack(to, v->bytes, t->packed, bytes, n, v->field, v->n);
    return status;
}

static enum kaon_status read_compound(struct eval_view *v, uint64_t first, size_t rows, void *to,
                                      struct kaon_msg *msg)
{
    struct eval_table *t = v->table;
    const enum kaon_status status = v->compound < 0 ? open_compound_view(v, msg) : KAON_OK;
    if (status)
        return status;
    if (v->field && t->width > 0 && rows <= most_packed / H5Tget_size(t->array[0]->type) / t->width)
        return read_packed(v, first, rows, to, msg);
    return kaon_eval_array_read(t->array[0], v->compound, first, rows, t->rank, 0, to, msg);
}

static enum kaon_status read_column(struct eval_view *v, size_t i, uint64_t first, size_t rows,
                                    unsigned char *to, struct kaon_msg *msg)
{
    struct eval_table *t = v->table;
    const struct eval_member *m = &t->column[v->column[i].member];
    const size_t bytes = H5Tget_size(v->column[i].type), n = rows * t->width;
    if (v->room < n * bytes) {
        free(v->scratch);
        v->scratch = malloc(n * bytes);
        v->room = v->scratch ? n * bytes : 0;
        if (!v->scratch)
            return no_memory(msg);
    }
    const enum kaon_status status = kaon_eval_array_read(m->in, v->column[i].type, first, rows,
                                                         t->rank, m->component, v->scratch, msg);
    to += v->column[i].at;
    for (size_t k = 0; !status && k < n; k++, to += v->bytes)
        memcpy(to, v->scratch + k * bytes, bytes);
    return status;
}

enum kaon_status kaon_eval_view_read(struct eval_view *view, uint64_t first, size_t rows, void *to,
                                     struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    if (view->n > 0 && view->table->is_compound)
        return read_compound(view, first, rows, to, msg);
    for (size_t i = 0; !status && i < view->n; i++)
        status = read_column(view, i, first, rows, to, msg);
    return status;
}

void kaon_eval_view_close(struct eval_view *view)
{
    for (size_t i = 0; i < view->n; i++)
        H5Tclose(view->column[i].type);
    if (view->compound >= 0)
        H5Tclose(view->compound);
    free(view->scratch);
    *view = (struct eval_view){ .compound = -1 };
}
