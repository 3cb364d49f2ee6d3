// Where the browsers of a user keep their stores.
#pragma once
#include <string>
#include <vector>

namespace transom::cli {

/// Where a user's files are. What a variable does not say is below $HOME.
struct UserPlaces {
  std::string home;
  std::string config_home;  // $XDG_CONFIG_HOME
  std::string data_home;    // $XDG_DATA_HOME
};
/// Of the environment; ends the command where there is no $HOME.
UserPlaces user_places();

/// The databases of Chromium and its relatives that are there.
std::vector<std::string> chromium_stores(const UserPlaces& user);
/// The one that Chromium takes where there was none.
std::string default_chromium_store(const UserPlaces& user);

/// The profiles of Firefox that have a database: those that a profiles.ini names, and those that lie beside it.
std::vector<std::string> firefox_profiles(const UserPlaces& user);

/// The directories that `ini`, the content of a profiles.ini in `directory`, names.
std::vector<std::string> parse_profiles_ini(const std::string& ini, const std::string& directory);

}  // namespace transom::cli
