# Files of the tree that a library carries inside itself, so that it works from any place. Read by libclient/embedded.h.
function(kiz_embed out)
  set(body "")
  foreach(file IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    file(READ "${file}" content)
    get_filename_component(name "${file}" NAME)
    string(APPEND body "    {\"${name}\", R\"kiz~(${content})kiz~\"},\n")
  endforeach()
  file(CONFIGURE OUTPUT "${out}" @ONLY CONTENT
"// Written by packaging/cmake/embed.cmake from files of the tree.
#include \"libclient/embedded.h\"

namespace kiz {
namespace {
constexpr EmbeddedFile files[] = {
@body@};
}

std::span<const EmbeddedFile> embedded_files() { return files; }
}  // namespace kiz
")
endfunction()
