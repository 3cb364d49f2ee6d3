#include <sys/utsname.h>

#include "cli/commands.h"
#include "tls/library_facts.h"

namespace transom::cli {

int run_version(Arguments& arguments) {
  if (const auto code = arguments.parse()) return *code;
  utsname system{};
  uname(&system);
  const tls::LibraryFacts library = tls::library_facts();
  fmt::print("Transom    {}\n", TRANSOM_VERSION);
  fmt::print("TLS        {}\n", library.running_version);
  fmt::print("  compiled against  {}\n  libssl            {}\n  libcrypto         {}\n", library.compiled_version,
             library.ssl_file, library.crypto_file);
  fmt::print("  X25519MLKEM768    {}\n", library.has_hybrid_group ? "yes" : "no, it comes with OpenSSL 3.5");
  fmt::print("System     {} {} {}\n", system.sysname, system.release, system.machine);
  return 0;
}

}  // namespace transom::cli
