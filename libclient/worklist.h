// What waits for a person: this month's return, offers not confirmed for long, queries of the Kreis, consents asked for.
// For the first screen of the command line and of the dashboard.
#pragma once

#include "libclient/requests.h"

namespace kiz {

/// Adds to `data`
///   "return"            for a town {"month", "state", "due", "handed_in", "missing"}: the oldest month of this and the last
///                       that is not handed in; "missing" counts the measures stated the month before and not in it.
///                       For the Kreis {"month", "due", "expected", "reported"} of the last month. null without membership
///   "overdue_offers"    own offers whose confirmation is older than 180 days
///   "queries"           [{"month", "text", "cells"}] of the Kreis, not answered yet
///   "consent_requests"  [{"ref", "title", "state", "wanted_by"}] where a town has not decided; for the Kreis the open ones
void add_worklist(const Replica& replica, Json& data);

}  // namespace kiz
