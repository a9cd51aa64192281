# Writes a C source that holds the files of runtime/prelude as bytes: cmake -DOUTPUT=… -DFOLDER=… -P embed.cmake
# One array per file, NUL at its end, and the table `prelude_texts`, in the order of PRELUDE_FILES (frontend/builtins.h).
file(GLOB files ${FOLDER}/*.lp)
set(text "#include \"frontend/builtins.h\"\n")
foreach(file IN LISTS files)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND text "static const unsigned char ${name}[] = {\n${bytes}0};\n")
endforeach()
string(APPEND text "const PreludeText prelude_texts[PRELUDE_COUNT] = {\n#define X(id, name) {#name, (const char *)name, sizeof name - 1},\n"
  "PRELUDE_FILES(X)\n#undef X\n};\n")
file(WRITE ${OUTPUT} "${text}")
