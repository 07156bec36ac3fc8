// The parts that the requests on counts share; their tables are joined by count_requests() (requests.h).
#pragma once

#include "libclient/count_store.h"
#include "libclient/request_support.h"

namespace kiz {

std::vector<RequestKind> count_requests_of_kreis();  // requests_count_kreis.cc
std::vector<RequestKind> count_table_requests();     // requests_count_table.cc

namespace request {

/// The argument "month": a month that has begun, or a year, half-year or school year.
Or<std::string> period(const RequestContext& context);
/// The arguments "year" or "month" as the months they span; absent: the present one.
struct Scope {
  std::string first, last, name;
};
Or<Scope> scope_of(const RequestContext& context);
/// The arguments "stock_day", "scope_note", "note", "parent".
Or<counts::Extras> extras(const RequestContext& context);
/// Enters the numbers in the argument "cells" for a member; the whole of count.enter and count.paper.
Answer enter_numbers(RequestContext& context, const MemberId& member, bool paper);
/// Says so when numbers of a locked month were written.
void warn_locked(Reply& reply, const counts::Month& held, const std::string& month);

}  // namespace request
}  // namespace kiz
