# Makes a C file that holds files as texts, under their names, JSON files without ".json": cmake -DOUT=... -DFILES=a;b -P embed.cmake
string(REPLACE "," ";" FILES "${FILES}")
set(rows "")
set(texts "")
set(n 0)
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME)
  string(REGEX REPLACE "\\.json$" "" name "${name}")
  file(READ "${file}" hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(APPEND texts "static const unsigned char text${n}[] = {${bytes}0};\n")
  string(APPEND rows "    { \"${name}\", (const char *)text${n} },\n")
  math(EXPR n "${n} + 1")
endforeach()
file(WRITE "${OUT}"
"#include \"tools/eval/embedded.h\"
${texts}const struct eval_embedded kaon_eval_embedded[] = {
${rows}    { 0, 0 },
};
")
