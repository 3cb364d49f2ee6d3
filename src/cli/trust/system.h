// The store of the system, which curl, wget, git, Python and most others use that are no browsers.
#pragma once
#include <string>
#include <vector>

#include "cli/trust/store.h"

namespace transom::cli {

/// How a family of systems takes own authorities: files in a directory, and a program that makes one bundle of all.
struct SystemTrust {
  const char* family;
  const char* directory;
  const char* ending;  // of the files that the program reads
  const char* bundle;
  const char* program;
  const char* update;   // the program's argument, or nullptr
  const char* refresh;  // the same after something was removed
};

/// What this machine has; nullptr: none that is known.
const SystemTrust* find_system_trust();

class SystemStore : public TrustStore {
 public:
  /// `sudo_line` is what an ordinary user shall run instead.
  SystemStore(const SystemTrust& kind, std::string sudo_line);

  std::string title() const override;
  bool trusts(const TrustCertificate& ca) const override;
  std::string obstacle() const override;
  std::vector<TrustStep> steps_to_add(const TrustCertificate& ca) const override;
  std::vector<TrustStep> steps_to_remove(const TrustCertificate& ca) const override;

 private:
  /// The files of the directory that hold `ca` and nothing else.
  std::vector<std::string> files_of(const TrustCertificate& ca) const;
  CommandLine update(const char* argument) const;

  const SystemTrust& kind_;
  std::string sudo_line_;
};

}  // namespace transom::cli
