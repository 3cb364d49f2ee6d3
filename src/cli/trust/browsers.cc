#include "cli/trust/browsers.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "cli/cli_error.h"
#include "node/files/durable_file.h"

namespace transom::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostProfiles = 256;

std::string variable(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && value[0] == '/' ? value : otherwise;
}

bool has_database(const fs::path& directory) {
  std::error_code ignored;
  return fs::exists(directory / "cert9.db", ignored);
}

/// Adds a directory once, whatever links lead to it.
void add_store(const fs::path& directory, std::vector<std::string>& stores) {
  std::error_code error;
  const std::string real = fs::canonical(directory, error).string();
  if (error || stores.size() >= kMostProfiles || !has_database(real)) return;
  if (std::find(stores.begin(), stores.end(), real) == stores.end()) stores.push_back(real);
}

void add_firefox(const fs::path& directory, std::vector<std::string>& profiles) {
  const auto ini = node::read_if_present((directory / "profiles.ini").string());
  if (ini && *ini) {
    for (const std::string& profile : parse_profiles_ini(**ini, directory.string())) add_store(profile, profiles);
  }
  std::error_code error;
  std::vector<fs::path> beside;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    beside.push_back(entry->path());
  }
  std::sort(beside.begin(), beside.end());
  for (const fs::path& path : beside) add_store(path, profiles);
}

}  // namespace

UserPlaces user_places() {
  const std::string home = variable("HOME", "");
  if (home.empty()) give_up("$HOME is not set; set it to the directory of the user whose browsers are meant");
  return {home, variable("XDG_CONFIG_HOME", home + "/.config"), variable("XDG_DATA_HOME", home + "/.local/share")};
}

std::string default_chromium_store(const UserPlaces& user) { return user.home + "/.pki/nssdb"; }

std::vector<std::string> chromium_stores(const UserPlaces& user) {
  std::vector<std::string> stores;
  add_store(default_chromium_store(user), stores);
  add_store(user.data_home + "/pki/nssdb", stores);
  add_store(user.home + "/snap/chromium/current/.pki/nssdb", stores);
  for (const char* application : {"org.chromium.Chromium", "com.google.Chrome", "com.brave.Browser"}) {
    const std::string own = user.home + "/.var/app/" + application;
    add_store(own + "/.pki/nssdb", stores);
    add_store(own + "/data/pki/nssdb", stores);
  }
  return stores;
}

std::vector<std::string> firefox_profiles(const UserPlaces& user) {
  std::vector<std::string> profiles;
  const std::string flatpak = user.home + "/.var/app/org.mozilla.firefox";
  for (const std::string& directory : {user.home + "/.mozilla/firefox", user.config_home + "/mozilla/firefox",
                                       user.home + "/snap/firefox/common/.mozilla/firefox",
                                       flatpak + "/.mozilla/firefox", flatpak + "/config/mozilla/firefox"}) {
    add_firefox(directory, profiles);
  }
  return profiles;
}

std::vector<std::string> parse_profiles_ini(const std::string& ini, const std::string& directory) {
  std::vector<std::string> found;
  std::string path;
  bool relative = true;
  bool in_profile = false;
  const auto end_section = [&] {
    if (in_profile && !path.empty()) found.push_back(relative ? directory + "/" + path : path);
    path.clear();
    relative = true;
  };
  std::istringstream lines(ini);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.starts_with("[")) {
      end_section();
      in_profile = line.starts_with("[Profile");
    } else if (line.starts_with("Path=")) {
      path = line.substr(5);
    } else if (line.starts_with("IsRelative=")) {
      relative = line != "IsRelative=0";
    }
  }
  end_section();
  return found;
}

}  // namespace transom::cli
