#include "tools/eval/stored.h"

#include "tools/eval/storage.h"
#include "tools/eval/table.h"

#include <stdio.h>
#include <string.h>

static enum kaon_status list_fields(struct eval_stored *stored, struct eval_table *table,
                                    struct eval_pool *pool, struct kaon_msg *msg)
{
    const char **field = kaon_eval_pool_take(pool, table->n_members + 1, sizeof *field);
    stored->half = kaon_eval_pool_take(pool, table->n_members + 1, sizeof *stored->half);
    stored->field = field;
    stored->n = table->n_members;
    if (!field || !stored->half)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < table->n_members; i++) {
        field[i] = kaon_eval_pool_text(pool, table->member[i]);
        if (!field[i])
            return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
        stored->half[i] = kaon_eval_table_is_half(table, i);
    }
    return KAON_OK;
}

enum kaon_status kaon_eval_stored_open(struct eval_stored *stored, const char *path,
                                       struct eval_pool *pool, struct kaon_msg *msg)
{
    struct eval_pool own = { NULL };
    struct eval_table table;
    hid_t file = -1;
    *stored = (struct eval_stored){ .path = path };
    enum kaon_status status = kaon_eval_h5_start(msg);
    if (!status)
        status = kaon_eval_storage_open(&file, path, msg);
    if (status)
        return status;
    status = kaon_eval_table_open(&table, file, path, "jets", 1, &own, msg);
    if (!status) {
        status = list_fields(stored, &table, pool, msg);
        kaon_eval_table_close(&table);
    }
    H5Fclose(file);
    kaon_eval_pool_close(&own);
    return status;
}

bool kaon_eval_stored_is(const char *field, const char *tagger)
{
    const size_t length = strlen(tagger);
    return !strncmp(field, tagger, length) && field[length] == '_' &&
           (field[length + 1] == 'p' || !strncmp(field + length + 1, "score_", 6));
}

/* "GN2v01" of "GN2v01_pb"; 0: it is no probability. */
static size_t tagger_of(const char *field)
{
    static const char *const tails[] = { "_pb", "_pc", "_pu", "_phbb", "_prob_b", "_probb" };
    const size_t length = strlen(field);
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        const size_t tail = strlen(tails[i]);
        if (length > tail && !strcmp(field + length - tail, tails[i]))
            return length - tail;
    }
    return 0;
}

size_t kaon_eval_stored_columns(const struct eval_stored *stored, const char *array)
{
    const size_t length = strlen(array);
    size_t n = 0;
    for (size_t i = 0; i < stored->n; i++)
        n += !strncmp(stored->field[i], array, length) && stored->field[i][length] == '[';
    return n;
}

enum kaon_status kaon_eval_stored_check(const struct eval_stored *stored, const char *tagger,
                                        struct kaon_msg *msg)
{
    char known[200] = "";
    size_t at = 0;
    if (kaon_eval_stored_columns(stored, "prediction") > 0)
        return KAON_OK;
    for (size_t i = 0; i < stored->n; i++)
        if (kaon_eval_stored_is(stored->field[i], tagger))
            return KAON_OK;
    for (size_t i = 0; i < stored->n && at < sizeof known; i++) {
        const size_t length = tagger_of(stored->field[i]);
        size_t k = 0;
        while (k < i && strncmp(stored->field[k], stored->field[i], length + 2))
            k++;
        if (length && k == i)
            at += (size_t)snprintf(known + at, sizeof known - at, "%s%.*s",
                                   at ? ", " : "; taggers that are there: ", (int)length,
                                   stored->field[i]);
    }
    return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: dataset 'jets' has no fields '%s_p*'%s",
                         stored->path, tagger, known);
}
