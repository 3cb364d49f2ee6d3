# Every library the product is built from, all of them Debian 12 packages
# (packages.txt names them). ARCHITECTURE.md says why each was chosen.
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(simdjson REQUIRED)
find_package(tsl-robin-map REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv>=1.44)
if(TRANSOM_TESTS)
  find_package(GTest REQUIRED)
endif()

# libcurl is not linked but loaded where it is needed (node/acme/curl_library.h): only its headers are.
add_library(curl_headers INTERFACE)
target_include_directories(curl_headers SYSTEM INTERFACE
  $<TARGET_PROPERTY:CURL::libcurl,INTERFACE_INCLUDE_DIRECTORIES>)

# llhttp comes as C source and is compiled here, in strict mode.
find_path(LLHTTP_INCLUDE_DIR llhttp.h PATHS /usr/share/include/llhttp REQUIRED NO_DEFAULT_PATH)
set(LLHTTP_SOURCE_DIR /usr/share/llhttp)
add_library(llhttp STATIC ${LLHTTP_SOURCE_DIR}/api.c ${LLHTTP_SOURCE_DIR}/http.c ${LLHTTP_SOURCE_DIR}/llhttp.c)
target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE_DIR})
target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)
if(TRANSOM_SANITIZE)
  target_compile_options(llhttp PRIVATE -fsanitize=${TRANSOM_SANITIZE})
endif()
