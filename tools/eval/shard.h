/* One part of an evaluation, in a file that kaon merge joins with the others: of every model the
 * scores, what was counted and the rows of its prediction file, and a manifest that says of which
 * evaluation it is a part. Parts of one evaluation differ in nothing of their manifests but the part. */
#ifndef KAON_TOOLS_EVAL_SHARD_H
#define KAON_TOOLS_EVAL_SHARD_H

#include "tools/eval/entry.h"

/* "3/16", or "auto": from the variables of Slurm or Open MPI. */
enum kaon_status kaon_eval_shard_parse(struct eval_part_of *part, const char *text,
                                       struct kaon_msg *msg);

/* What merge needs of an entry's data: kept in e->seen, and given back to an entry without data. */
enum kaon_status kaon_eval_shard_keep(struct evaluation *e, const struct eval_entry *entry,
                                      struct kaon_msg *msg);
enum kaon_status kaon_eval_shard_recall(struct evaluation *e, struct eval_entry *entry,
                                        struct kaon_msg *msg);

/* The manifest of a part, from the words of the command that set what is computed. */
json_t *kaon_eval_shard_manifest(const struct evaluation *e, const json_t *words);

/* What differs first in two manifests, as "words: 1 here, 2 there"; false if nothing does. */
bool kaon_eval_shard_differ(const json_t *a, const json_t *b, char *text, size_t room);

/* Begins the file of a part in e->settings.out. *done is set, and nothing begun, if it is there and has
 * this manifest. */
enum kaon_status kaon_eval_shard_begin(struct evaluation *e, struct eval_h5out *out,
                                       const json_t *manifest, bool *done, struct kaon_msg *msg);

/* Writes scores and manifest, and gives the file its name. */
enum kaon_status kaon_eval_shard_commit(struct evaluation *e, struct eval_h5out *out,
                                        const json_t *manifest, struct kaon_msg *msg);

/* The manifest of a file, and the file if `h5` is not NULL. The caller drops and closes them. */
enum kaon_status kaon_eval_shard_open(json_t **manifest, hid_t *h5, const char *path,
                                      struct kaon_msg *msg);

#endif
