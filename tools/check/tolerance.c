#include "tools/check/tolerance.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli/fail.h"
#include "tools/cli/option.h"

enum column { GROUP, NAME, RTOL, ATOL, NOTES, N_COLUMNS };
static const char *const column_names[N_COLUMNS] = { "group", "name", "rtol", "atol", "notes" };

enum { MOST_COLUMNS = 64 };

/* Splits in place at tabs; returns how many fields there are. */
static size_t split(char *line, char *field[MOST_COLUMNS])
{
    size_t n = 0;
    line[strcspn(line, "\r\n")] = 0;
    while (n < MOST_COLUMNS && line)
        field[n++] = strsep(&line, "\t");
    return n;
}

static enum kaon_status read_header(char *line, size_t place[N_COLUMNS], const char *path,
                                    struct kaon_msg *msg)
{
    char *field[MOST_COLUMNS];
    const size_t n = split(line, field);
    for (size_t c = 0; c < N_COLUMNS; c++) {
        place[c] = 0;
        while (place[c] < n && strcmp(field[place[c]], column_names[c]))
            place[c]++;
        if (place[c] == n && c != NOTES)
            return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: the header has no column \"%s\"", path,
                                 column_names[c]);
    }
    return KAON_OK;
}

static enum kaon_status add_row(struct kaon_tolerance_index *index, char *line,
                                const size_t place[N_COLUMNS], const char *path, size_t number,
                                struct kaon_msg *msg)
{
    char *field[MOST_COLUMNS];
    const size_t n = split(line, field);
    struct kaon_tolerance_row row = { 0 };

    if (n <= place[GROUP] || n <= place[NAME] || n <= place[RTOL] || n <= place[ATOL] ||
        !kaon_parse_float(field[place[RTOL]], &row.tolerance.rtol) ||
        !kaon_parse_float(field[place[ATOL]], &row.tolerance.atol))
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: line %zu has no rtol and atol", path,
                             number);
    row.tolerance.shape_only = place[NOTES] < n && strstr(field[place[NOTES]], "random");
    if ((index->n & (index->n - 1)) == 0) { /* grown at every power of two */
        void *grown = realloc(index->row, (2 * index->n + 1) * sizeof row);
        if (!grown)
            return kaon_cli_fail(msg, KAON_NO_MEMORY, "%s: no memory", path);
        index->row = grown;
    }
    if (asprintf(&row.key, "%s/%s", field[place[GROUP]], field[place[NAME]]) < 0)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "%s: no memory", path);
    index->row[index->n++] = row;
    return KAON_OK;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct kaon_tolerance_row *)a)->key,
                  ((const struct kaon_tolerance_row *)b)->key);
}

enum kaon_status kaon_tolerance_index_read(struct kaon_tolerance_index *index, const char *path,
                                           struct kaon_msg *msg)
{
    size_t place[N_COLUMNS], room = 0, number = 0;
    char *line = NULL;
    enum kaon_status st = KAON_OK;
    FILE *file = fopen(path, "re");

    *index = (struct kaon_tolerance_index){ 0 };
    if (!file)
        return kaon_cli_fail_errno(msg, path, errno);
    while (st == KAON_OK && getline(&line, &room, file) >= 0)
        st = number++ ? add_row(index, line, place, path, number, msg)
                      : read_header(line, place, path, msg);
    if (st == KAON_OK && ferror(file))
        st = kaon_cli_fail_errno(msg, path, errno);
    if (st == KAON_OK && !number)
        st = kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: is empty", path);
    free(line);
    fclose(file);
    if (index->n)
        qsort(index->row, index->n, sizeof *index->row, by_key);
    return st;
}

void kaon_tolerance_from_index(struct kaon_tolerance *tolerance,
                               const struct kaon_tolerance_index *index, const char *folder)
{
    char *real = index->n ? realpath(folder, NULL) : NULL;
    char *slash = real ? strrchr(real, '/') : NULL;
    if (slash && slash > real) {
        *slash = 0;
        char *group = strrchr(real, '/');
        *slash = '/';
        const struct kaon_tolerance_row wanted = { .key = group ? group + 1 : real };
        const struct kaon_tolerance_row *row =
            bsearch(&wanted, index->row, index->n, sizeof *index->row, by_key);
        if (row)
            *tolerance = row->tolerance;
    }
    free(real);
}

enum kaon_status kaon_tolerance_from_json(struct kaon_tolerance *tolerance, const char *folder,
                                          struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    json_error_t error;
    char *path;

    if (asprintf(&path, "%s/tolerances.json", folder) < 0)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "%s: no memory", folder);
    if (access(path, F_OK) == 0) {
        json_t *json = json_load_file(path, 0, &error);
        const json_t *rtol = json_object_get(json, "rtol"), *atol = json_object_get(json, "atol");
        if (!json)
            st =
                kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: line %d: %s", path, error.line, error.text);
        if (json_is_number(rtol))
            tolerance->rtol = json_number_value(rtol);
        if (json_is_number(atol))
            tolerance->atol = json_number_value(atol);
        json_decref(json);
    }
    free(path);
    return st;
}

void kaon_tolerance_index_free(struct kaon_tolerance_index *index)
{
    for (size_t i = 0; i < index->n; i++)
        free(index->row[i].key);
    free(index->row);
    *index = (struct kaon_tolerance_index){ 0 };
}
