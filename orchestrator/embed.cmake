# SPDX-License-Identifier: GPL-2.0-or-later
# Run by `cmake -D OUT=… -D HEADER=… -D NAMES="a b" -D FILES="x;y" -P`: writes a .cpp with the bytes
# of files and a function of each name that gives them.
separate_arguments(NAMES)
set(text "// Written by embed.cmake.\n#include \"${HEADER}\"\n\nnamespace gridlock {\n")
foreach(name file IN ZIP_LISTS NAMES FILES)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
  string(APPEND text "static const unsigned char bytes_of_${name}[] = {\n${bytes}};\n"
    "std::string_view ${name}() {\n"
    "  return {reinterpret_cast<const char*>(bytes_of_${name}), sizeof bytes_of_${name}};\n}\n")
endforeach()
string(APPEND text "}  // namespace gridlock\n")
file(WRITE ${OUT} "${text}")
