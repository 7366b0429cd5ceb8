/* An evaluation as one page: tables, figures, warnings, settings and provenance in a single HTML file that
 * loads nothing. */
#ifndef KAON_TOOLS_EVAL_PAGE_H
#define KAON_TOOLS_EVAL_PAGE_H

#include "tools/eval/album.h"

/* Writes the page of an evaluation whose album is drawn. */
enum kaon_status kaon_eval_page(struct evaluation *e, const struct eval_album *album,
                                const char *path, struct kaon_msg *msg);

#endif
