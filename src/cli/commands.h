// The commands of the program, as one table.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.h"

namespace transom::cli {

struct Command {
  std::string_view name;  // one or two words
  std::string_view summary;
  std::string_view example;
  /// Declares its arguments, parses them, does the work; gives the exit code. May throw CliError.
  int (*run)(Arguments& arguments);
};

std::span<const Command> commands();

/// Finds the command that `line` begins with and runs it; gives the exit code of the program.
int run_line(const std::vector<std::string>& line);

// One file each: cmd_start.cc and so on.
int run_start(Arguments& arguments);
int run_stop(Arguments& arguments);
int run_status(Arguments& arguments);
int run_reload(Arguments& arguments);
int run_check(Arguments& arguments);
int run_init(Arguments& arguments);
int run_version(Arguments& arguments);
int run_publish(Arguments& arguments);
int run_subscribe(Arguments& arguments);
int run_call(Arguments& arguments);
int run_ca_init(Arguments& arguments);
int run_ca_issue(Arguments& arguments);
int run_ca_sign(Arguments& arguments);
int run_ca_list(Arguments& arguments);
int run_ca_revoke(Arguments& arguments);
int run_ca_crl(Arguments& arguments);
int run_ca_ocsp(Arguments& arguments);
int run_ca_export(Arguments& arguments);
int run_ca_trust(Arguments& arguments);
int run_cert_self_signed(Arguments& arguments);
int run_cert_request(Arguments& arguments);
int run_cert_show(Arguments& arguments);
int run_cert_verify(Arguments& arguments);
int run_cert_dhparam(Arguments& arguments);
int run_cert_strip_passphrase(Arguments& arguments);
int run_cert_bundle(Arguments& arguments);
int run_cert_install(Arguments& arguments);
int run_ca_untrust(Arguments& arguments);
int run_tls_grade(Arguments& arguments);
int run_tls_list(Arguments& arguments);

}  // namespace transom::cli
