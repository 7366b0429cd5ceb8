#include "tools/eval/category.h"

const struct eval_flavour kaon_eval_flavours[] = {
    { "bjets", "b-jets", "b", "pb", "HadronConeExclTruthLabelID == 5", "#3f90da" },
    { "cjets", "c-jets", "c", "pc", "HadronConeExclTruthLabelID == 4", "#ffa90e" },
    { "ujets", "light-flavour jets", "u", "pu", "HadronConeExclTruthLabelID == 0", "#bd1f01" },
    { "taujets", "τ-jets", "tau", "ptau", "HadronConeExclTruthLabelID == 15", "#832db6" },
};
const size_t kaon_eval_n_flavours = sizeof kaon_eval_flavours / sizeof *kaon_eval_flavours;

const char *const kaon_eval_colors[] = {
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
};
const size_t kaon_eval_n_colors = sizeof kaon_eval_colors / sizeof *kaon_eval_colors;
