# transom_module(NAME [JSON] DEPENDS <modules> LIBS <targets>)
#
# One folder of src/ is one static library `transom_NAME`. Every *.cc of the
# folder belongs to it but *_test.cc, which make the unit test program
# `NAME_test` of the folder. DEPENDS names the modules it may include. JSON
# is for those whose files nearly all see nlohmann/json.hpp: it is in their
# precompiled header.

find_package(Threads REQUIRED)

add_library(transom_options INTERFACE)
target_include_directories(transom_options INTERFACE "${CMAKE_SOURCE_DIR}/src")
target_compile_options(transom_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wcast-align -Woverloaded-virtual -Wimplicit-fallthrough
  -fno-omit-frame-pointer -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms of GCC 12 about std::string (its bug 105651); the sanitizer builds watch the real thing.
  target_compile_options(transom_options INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
endif()
target_compile_definitions(transom_options INTERFACE TRANSOM_VERSION="${PROJECT_VERSION}")
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(transom_options INTERFACE _FORTIFY_SOURCE=2)
endif()
if(TRANSOM_SANITIZE)
  target_compile_options(transom_options INTERFACE -fsanitize=${TRANSOM_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(transom_options INTERFACE -fsanitize=${TRANSOM_SANITIZE})
endif()
if(TRANSOM_FUZZ)
  target_compile_options(transom_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
find_program(LLD_PROGRAM ld.lld)
if(LLD_PROGRAM)
  target_link_options(transom_options INTERFACE -fuse-ld=lld)
endif()

# The precompiled header that the modules share, std and fmt, and one that has nlohmann/json.hpp besides. Compilation was
# measured: the larger one gains a second a file where JSON is used, and costs half a second where it is not.
add_library(transom_pch OBJECT "${CMAKE_SOURCE_DIR}/cmake/pch.cc")
target_link_libraries(transom_pch PUBLIC transom_options fmt::fmt)
target_precompile_headers(transom_pch PRIVATE "${CMAKE_SOURCE_DIR}/cmake/pch.h")
add_library(transom_json_pch OBJECT "${CMAKE_SOURCE_DIR}/cmake/pch.cc")
target_link_libraries(transom_json_pch PUBLIC transom_options fmt::fmt nlohmann_json::nlohmann_json)
target_precompile_headers(transom_json_pch PRIVATE "${CMAKE_SOURCE_DIR}/cmake/pch.h" <nlohmann/json.hpp>)

# The tests have a precompiled header of their own, and are not optimised: most of them run once, in milliseconds, and
# took longer to compile than all they test. What they test is compiled as ever.
if(TRANSOM_TESTS)
  add_library(transom_test_options INTERFACE)
  target_compile_options(transom_test_options INTERFACE -O0 -U_FORTIFY_SOURCE)
  target_link_libraries(transom_test_options INTERFACE transom_options fmt::fmt nlohmann_json::nlohmann_json
    GTest::gtest GTest::gmock GTest::gtest_main)
  add_library(transom_test_pch OBJECT "${CMAKE_SOURCE_DIR}/cmake/pch.cc")
  target_link_libraries(transom_test_pch PUBLIC transom_test_options)
  target_precompile_headers(transom_test_pch PRIVATE "${CMAKE_SOURCE_DIR}/cmake/pch.h" <gmock/gmock.h> <gtest/gtest.h>
    <nlohmann/json.hpp>)
endif()

function(transom_module NAME)
  cmake_parse_arguments(ARG "JSON" "" "DEPENDS;LIBS" ${ARGN})
  file(GLOB_RECURSE SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  set(TESTS ${SOURCES})
  list(FILTER SOURCES EXCLUDE REGEX "_test\\.cc$")
  list(FILTER TESTS INCLUDE REGEX "_test\\.cc$")
  if(NOT SOURCES)
    add_library(transom_${NAME} INTERFACE)
    return()
  endif()
  add_library(transom_${NAME} STATIC ${SOURCES})
  list(TRANSFORM ARG_DEPENDS PREPEND transom_ OUTPUT_VARIABLE MODULES)
  target_link_libraries(transom_${NAME} PUBLIC transom_options fmt::fmt Threads::Threads ${MODULES} ${ARG_LIBS})
  if(ARG_JSON)
    target_precompile_headers(transom_${NAME} REUSE_FROM transom_json_pch)
  else()
    target_precompile_headers(transom_${NAME} REUSE_FROM transom_pch)
  endif()
  if(TRANSOM_TESTS AND TESTS)
    add_executable(${NAME}_test ${TESTS})
    target_link_libraries(${NAME}_test PRIVATE transom_${NAME} transom_test_options)
    target_precompile_headers(${NAME}_test REUSE_FROM transom_test_pch)
    add_test(NAME unit.${NAME} COMMAND ${NAME}_test WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  endif()
endfunction()
