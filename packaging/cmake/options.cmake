# What every target of the project is compiled with. Targets link kiz_options privately.
option(KIZ_BUILD_TESTS "Build tests, the simulator and the benchmarks" ON)
option(KIZ_WERROR "Treat warnings as errors" OFF)
set(KIZ_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, e.g. address,undefined")
option(KIZ_FUZZ "Build the libFuzzer targets (clang only)" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_INTERPROCEDURAL_OPTIMIZATION OFF)

find_program(KIZ_CCACHE ccache)
if(KIZ_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KIZ_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${KIZ_CCACHE})
endif()

add_library(kiz_options INTERFACE)
target_compile_features(kiz_options INTERFACE cxx_std_20)
target_include_directories(kiz_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(kiz_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -fstack-protector-strong
  $<$<BOOL:${KIZ_WERROR}>:-Werror>)
# GCC 12 sees overflows and wild frees in its own inlined std::string, std::vector and std::variant that are not there
# (GCC bugs 105329, 105562, 104475);
# the sanitize preset finds the real ones.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(kiz_options INTERFACE
    -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread -Wno-free-nonheap-object
    -Wno-maybe-uninitialized)
endif()
if(KIZ_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "KIZ_FUZZ needs clang: use --preset fuzz")
  endif()
  target_compile_options(kiz_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(KIZ_SANITIZE)
  target_compile_options(kiz_options INTERFACE -fsanitize=${KIZ_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=function>)  # clang 14 takes Asio's handlers for wrong functions
  target_link_options(kiz_options INTERFACE -fsanitize=${KIZ_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(kiz_options INTERFACE _FORTIFY_SOURCE=2)
endif()
