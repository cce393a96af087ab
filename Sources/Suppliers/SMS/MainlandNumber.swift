/// Numbers as suppliers write them who leave out the country's code of mainland ones, and only of these.
enum MainlandNumber {
    /// An E.164 number as they want it: bare, or with its `+`.
    static func written(_ e164: String) -> String {
        e164.hasPrefix("+86") && e164.utf8.count == 14 ? String(e164.dropFirst(3)) : e164
    }

    /// The E.164 form of a number as they write it.
    static func read(_ number: String) -> String {
        if number.hasPrefix("+") { return number }
        return number.utf8.count == 11 && number.hasPrefix("1") ? "+86" + number : "+" + number
    }
}
