/* Non-maximum suppression in float32, with ONNX Runtime's order of operations. */
#include "engine/base/boxes.h"

#include <stdlib.h>

struct candidate {
    float score;
    int64_t at;
};

struct corners {
    float y1, x1, y2, x2;
};

/* Higher scores first, ties in the order of the boxes. */
static int by_score(const void *a, const void *b)
{
    const struct candidate *p = a, *q = b;
    if (p->score != q->score)
        return p->score > q->score ? -1 : 1;
    return p->at < q->at ? -1 : p->at > q->at;
}

static struct corners corners_of(const float *box, bool center)
{
    if (center) {
        const float h = box[3] / 2.0f, w = box[2] / 2.0f;
        return (struct corners){ box[1] - h, box[0] - w, box[1] + h, box[0] + w };
    }
    return (struct corners){ box[0] < box[2] ? box[0] : box[2], box[1] < box[3] ? box[1] : box[3],
                             box[0] < box[2] ? box[2] : box[0], box[1] < box[3] ? box[3] : box[1] };
}

static float overlap_of(const struct corners *a, const struct corners *b)
{
    const float top = a->y1 > b->y1 ? a->y1 : b->y1, left = a->x1 > b->x1 ? a->x1 : b->x1;
    const float bottom = a->y2 < b->y2 ? a->y2 : b->y2, right = a->x2 < b->x2 ? a->x2 : b->x2;
    if (!(bottom > top) || !(right > left))
        return 0.0f;
    const float common = (bottom - top) * (right - left);
    const float first = (a->y2 - a->y1) * (a->x2 - a->x1),
                second = (b->y2 - b->y1) * (b->x2 - b->x1), all = first + second - common;
    return common > 0.0f && first > 0.0f && second > 0.0f && all > 0.0f ? common / all : 0.0f;
}

static size_t candidates_of(const struct kaon_boxes *b, const float *scores, struct candidate *list)
{
    size_t n = 0;
    for (int64_t i = 0; i < b->n; i++)
        if (b->has_least ? scores[i] > b->least : scores[i] == scores[i])
            list[n++] = (struct candidate){ scores[i], i };
    qsort(list, n, sizeof *list, by_score);
    return n;
}

/* The chosen of one class and batch are kept at the list's front, their boxes in `kept`. */
static int64_t choose(const struct kaon_boxes *b, const float *boxes, const float *scores,
                      struct candidate *list, struct corners *kept)
{
    const size_t n = candidates_of(b, scores, list);
    int64_t chosen = 0;
    for (size_t i = 0; i < n && chosen < b->most; i++) {
        const struct corners box = corners_of(boxes + 4 * list[i].at, b->center);
        int64_t k = 0;
        while (k < chosen && !(overlap_of(&box, &kept[k]) > b->overlap))
            k++;
        if (k < chosen)
            continue;
        kept[chosen] = box;
        list[chosen++] = list[i];
    }
    return chosen;
}

enum kaon_status kaon_boxes_choose(const struct kaon_boxes *b, int64_t *out, int64_t *count,
                                   struct kaon_msg *msg)
{
    *count = 0;
    if (b->n == 0 || b->most <= 0)
        return KAON_OK;
    struct candidate *list = calloc((size_t)b->n, sizeof *list + sizeof(struct corners));
    if (!list)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for %lld boxes", (long long)b->n);
    struct corners *kept = (struct corners *)(list + b->n);
    for (int64_t batch = 0; batch < b->batches; batch++)
        for (int64_t class = 0; class < b->classes; class ++) {
            const int64_t n = choose(b, b->boxes + batch * b->n * 4,
                                     b->scores + (batch * b->classes + class) * b->n, list, kept);
            for (int64_t i = 0; out && i < n; i++) {
                *out++ = batch;
                *out++ = class;
                *out++ = list[i].at;
            }
            *count += n;
        }
    free(list);
    return KAON_OK;
}
