/* Memory that grows with the jets. While small it is memory; beyond EVAL_SPILL_FROM bytes it is a
 * mapping of a file without a name in $TMPDIR (else /tmp), so that the kernel may keep on disk what
 * is not looked at. Where there is no room for such a file it stays memory. */
#ifndef KAON_TOOLS_EVAL_SPILL_H
#define KAON_TOOLS_EVAL_SPILL_H

#include <stdbool.h>
#include <stddef.h>

#define EVAL_SPILL_FROM ((size_t)1 << 20)

/* Zeros: nothing is held. */
struct eval_spill {
    size_t mapped;  /* bytes; 0: malloc's */
    size_t let_go;  /* of them, from the first, that were let go */
    int file;       /* 1 + descriptor; 0: none */
    bool in_memory; /* there was no room for a file */
};

/* Makes *memory `bytes` long and keeps the first `used`; false without memory, and all is as it was. */
bool kaon_eval_spill_grow(struct eval_spill *spill, void **memory, size_t used, size_t bytes);

/* Says that `used` bytes are written and none of them is wanted soon. */
void kaon_eval_spill_rest(struct eval_spill *spill, void *memory, size_t used);

void kaon_eval_spill_close(struct eval_spill *spill, void *memory);

#endif
