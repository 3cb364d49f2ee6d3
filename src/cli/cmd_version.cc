#include <sys/utsname.h>

#include "cli/commands.h"
#include "tls/context.h"

namespace transom::cli {

int run_version(Arguments& arguments) {
  if (const auto code = arguments.parse()) return *code;
  utsname system{};
  uname(&system);
  fmt::print("Transom    {}\nTLS        {}\nSystem     {} {} {}\n", TRANSOM_VERSION, tls::library_version(),
             system.sysname, system.release, system.machine);
  return 0;
}

}  // namespace transom::cli
