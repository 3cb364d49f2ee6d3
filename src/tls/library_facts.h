// Which OpenSSL this is: what it was compiled against, what was loaded and from where, and what that one can do.
#pragma once
#include <string>

namespace transom::tls {

struct LibraryFacts {
  std::string compiled_version;       // "OpenSSL 3.0.22 5 May 2026"
  std::string running_version;        // the same unless the library was replaced since
  std::string ssl_file, crypto_file;  // absolute; the program itself where linked statically
  bool has_hybrid_group = false;      // X25519MLKEM768: key exchange that also withstands quantum computers
};

LibraryFacts library_facts();

}  // namespace transom::tls
