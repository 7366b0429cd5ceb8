#include "tools/eval/write_all.h"

#include "tools/cli/atomic.h"
#include "tools/cli/fail.h"
#include "tools/eval/album.h"
#include "tools/eval/page.h"
#include "tools/eval/report.h"
#include "tools/eval/run_report.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum kaon_status make_folder(const char *path, bool *made, struct kaon_msg *msg)
{
    struct stat st;
    *made = mkdir(path, 0777) == 0;
    if (*made)
        return KAON_OK;
    const int error = errno;
    if (error == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return KAON_OK;
    return kaon_cli_fail(msg, KAON_IO, "%s: cannot be made: %s", path, strerror(error));
}

enum kaon_status kaon_eval_keep_existing(const struct evaluation *e, const char *path,
                                         struct kaon_msg *msg)
{
    if (!e->settings.force && access(path, F_OK) == 0)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "%s: exists; --force replaces it", path);
    return KAON_OK;
}

enum kaon_status kaon_eval_begin_folder(struct evaluation *e, const char *path,
                                        struct kaon_msg *msg)
{
    const enum kaon_status status = make_folder(path, &e->made_folder, msg);
    if (status || e->settings.shard.count > 0)
        return status;
    e->metrics = kaon_eval_pool_format(&e->pool, "%s/metrics.json", path);
    e->run = kaon_eval_pool_format(&e->pool, "%s/run.json", path);
    if (!e->metrics || !e->run)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    return kaon_eval_keep_existing(e, e->metrics, msg);
}

static enum kaon_status write_json(struct evaluation *e, const char *path,
                                   json_t *make(const struct evaluation *), struct kaon_msg *msg)
{
    struct kaon_atomic file = { 0 };
    enum kaon_status status = kaon_atomic_open(&file, path, e->settings.force, msg);
    if (!status)
        status = kaon_eval_add_file(e, path, msg);
    json_t *report = status ? NULL : make(e);
    if (!status && (!report || json_dumpf(report, file.file, JSON_INDENT(1)) != 0 ||
                    fputc('\n', file.file) == EOF))
        status = kaon_cli_fail(msg, KAON_IO, "%s: cannot be written: %s", path, strerror(errno));
    json_decref(report);
    if (!status)
        status = kaon_atomic_commit(&file, msg);
    kaon_atomic_abandon(&file);
    return status;
}

enum kaon_status kaon_eval_write_all(struct evaluation *e, const struct kaon_say *say,
                                     struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < e->n; i++)
        status = kaon_eval_entry_commit(e, &e->entry[i], msg);
    struct eval_album album = { .n = 0 };
    if (!status)
        status = kaon_eval_album_make(&album, e, msg);
    if (!status)
        status = kaon_eval_album_draw(&album, say, msg);
    if (!status && e->settings.page)
        status = kaon_eval_page(e, &album, e->settings.page, msg);
    kaon_eval_album_close(&album);
    if (!status && e->settings.out)
        status = write_json(e, e->run, kaon_eval_run_report, msg);
    /* last: where it is, all is there */
    if (!status && e->settings.out)
        status = write_json(e, e->metrics, kaon_eval_report, msg);
    return status;
}
