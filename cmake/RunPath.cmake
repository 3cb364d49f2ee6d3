# Where OpenSSL stands in a directory of its own (OPENSSL_ROOT_DIR or PKG_CONFIG_PATH), the programs find it there by
# themselves, in the build tree and installed: LD_LIBRARY_PATH is ignored for a program with capabilities. It is DT_RPATH,
# not DT_RUNPATH: that holds for libcrypto as a dependency of libssl as well, and no LD_LIBRARY_PATH puts another library
# in between. With the system's OpenSSL there is no path in the program.
get_filename_component(OPENSSL_DIRECTORY "${OPENSSL_SSL_LIBRARY}" DIRECTORY)
get_filename_component(OPENSSL_SUFFIX "${OPENSSL_SSL_LIBRARY}" EXT)
if(NOT OPENSSL_DIRECTORY IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES AND NOT OPENSSL_SUFFIX STREQUAL ".a")
  message(STATUS "OpenSSL of its own directory: run path ${OPENSSL_DIRECTORY}")
  set(CMAKE_INSTALL_RPATH "${OPENSSL_DIRECTORY}")
  # The same in both. To replace one by the other CMake pads with colons, which name the current directory.
  set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
  target_link_options(transom_options INTERFACE LINKER:--disable-new-dtags)
endif()
