/* A tagger in an event loop: one model for the process, one session for the thread, and after
 * prepare neither allocation nor lock nor system call, whatever the number of tracks.
 *
 *     cc trigger.c $(pkg-config --cflags --libs kaon) && ./a.out model.onnx
 *
 * The events here are made up; an experiment fills the same arrays from its own. */
#include <kaon.h>

#include <stdio.h>
#include <string.h>

enum { JET_FEATURES = 2, TRACK_FEATURES = 19, MOST_TRACKS = 64, EVENTS = 1000 };

struct event {
    float jet[JET_FEATURES];
    float tracks[MOST_TRACKS][TRACK_FEATURES];
    int64_t n_tracks; /* 0 is as good as any */
};

/* Stands for the detector: a different number of tracks each time. */
static void next_event(struct event *e, uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    e->n_tracks = (int64_t)(*state >> 16) % 20;
    e->jet[0] = 20e3f + (float)(*state >> 8 & 0xffff); /* pT in MeV */
    e->jet[1] = (float)(*state >> 12 & 0xff) / 64.0f - 2.0f;
    for (int64_t t = 0; t < e->n_tracks; t++)
        for (int f = 0; f < TRACK_FEATURES; f++) {
            *state = *state * 1664525u + 1013904223u;
            e->tracks[t][f] = (float)(*state >> 8) * 0x1p-24f;
        }
}

static int run_events(struct kaon_session *session, struct kaon_msg *msg)
{
    struct event e;
    uint32_t state = 1;
    float p[4]; /* pb, pc, pu, ptau */
    int8_t origin[MOST_TRACKS];
    double sum[4] = { 0 };
    for (int i = 0; i < EVENTS; i++) {
        next_event(&e, &state);
        const struct kaon_tensor in[2] = {
            { KAON_F32, 2, { 1, JET_FEATURES }, e.jet, sizeof e.jet },
            { KAON_F32, 2, { e.n_tracks, TRACK_FEATURES }, e.tracks, 0 },
        };
        struct kaon_tensor out[5] = { 0 };
        for (int k = 0; k < 4; k++) {
            out[k].data = &p[k];
            out[k].bytes = sizeof p[k];
        }
        out[4].data = origin;
        out[4].bytes = sizeof origin;
        if (kaon_session_run(session, in, out, msg) != KAON_OK)
            return 1;
        for (int k = 0; k < 4; k++)
            sum[k] += p[k];
    }
    printf("%d events, mean pb %.4f pc %.4f pu %.4f ptau %.4f\n", EVENTS, sum[0] / EVENTS,
           sum[1] / EVENTS, sum[2] / EVENTS, sum[3] / EVENTS);
    return 0;
}

int main(int argc, char **argv)
{
    const struct kaon_range range = { "n_tracks", 0, MOST_TRACKS };
    struct kaon_model *model = NULL;
    struct kaon_session *session = NULL;
    struct kaon_msg msg = { "" };
    int failed = 1;
    if (argc != 2) {
        fprintf(stderr, "usage: %s model.onnx\n", argv[0]);
        return 2;
    }
    if (kaon_model_open(&model, argv[1], NULL, &msg) == KAON_OK &&
        kaon_model_input_count(model) == 2 && kaon_model_output_count(model) == 5 &&
        kaon_session_open(&session, model, NULL, &msg) == KAON_OK &&
        kaon_session_prepare(session, &range, 1, &msg) == KAON_OK)
        failed = run_events(session, &msg);
    if (failed)
        fprintf(stderr, "%s: %s\n", argv[0], msg.text[0] ? msg.text : "not such a tagger");
    kaon_session_close(session);
    kaon_model_close(model);
    return failed;
}
