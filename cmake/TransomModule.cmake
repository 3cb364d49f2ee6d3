# transom_module(NAME DEPENDS <modules> LIBS <targets>)
#
# One folder of src/ is one static library `transom_NAME`. Every *.cc of the
# folder belongs to it but *_test.cc, which make the unit test program
# `NAME_test` of the folder. DEPENDS names the modules it may include.

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

# One precompiled header (std and fmt) shared by all modules.
add_library(transom_pch OBJECT "${CMAKE_SOURCE_DIR}/cmake/pch.cc")
target_link_libraries(transom_pch PUBLIC transom_options fmt::fmt)
target_precompile_headers(transom_pch PRIVATE "${CMAKE_SOURCE_DIR}/cmake/pch.h")

function(transom_module NAME)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBS" ${ARGN})
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
  target_precompile_headers(transom_${NAME} REUSE_FROM transom_pch)
  if(TRANSOM_TESTS AND TESTS)
    add_executable(${NAME}_test ${TESTS})
    target_link_libraries(${NAME}_test PRIVATE transom_${NAME} GTest::gtest GTest::gmock GTest::gtest_main
      nlohmann_json::nlohmann_json)
    target_precompile_headers(${NAME}_test REUSE_FROM transom_pch)
    add_test(NAME unit.${NAME} COMMAND ${NAME}_test WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  endif()
endfunction()
