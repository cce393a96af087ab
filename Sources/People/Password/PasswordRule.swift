import Groundwork

/// Which passwords are taken: long ones that nobody guesses first.
///
/// Source: NIST SP 800-63B, 3.1.1.2: length and a list of usual passwords, and no rules on kinds of characters.
package enum PasswordRule {
    /// How many characters a password has.
    package static let lengths = 10...128

    /// Refuses a password that others would try first.
    ///
    /// - Throws: `PeopleError.invalid` with the field `field`.
    static func check(_ password: Secret, of name: UserName, field: String) throws(PeopleError) {
        let text = password.reveal()
        guard lengths.contains(text.count) else {
            throw .invalid(field, "has \(lengths.lowerBound) to \(lengths.upperBound) characters")
        }
        let plain = text.lowercased()
        guard !plain.contains(name.text) else { throw .invalid(field, "does not contain the user's name") }
        guard Set(plain).count > 3 else { throw .invalid(field, "is more than a few characters repeated") }
        let letters = plain.filter(\.isLetter)
        guard !usual.contains(plain), !usual.contains(letters) || plain.count - letters.count > 6 else {
            throw .invalid(field, "is none of those that everybody tries")
        }
    }

    /// Passwords of ten characters and more that lists of leaked ones begin with, and the words that shorter ones are
    /// made longer from.
    private static let usual: Set<String> = [
        "1234567890", "12345678910", "0123456789", "0987654321", "9876543210", "123456789a", "1q2w3e4r5t",
        "1q2w3e4r5t6y", "1qaz2wsx3edc", "qwertyuiop", "qwerty12345", "asdfghjkl1", "zxcvbnm123", "q1w2e3r4t5",
        "abcdefghij", "abc1234567", "a123456789", "aa12345678", "woaini1314", "woaini520", "5201314520",
        "password", "passw0rd123", "p@ssw0rd123", "passwort", "letmein", "welcome", "iloveyou", "changeme",
        "administrator", "admin", "root", "qwerty", "monkey", "dragon", "football", "baseball", "sunshine",
        "princess", "trustno", "superman", "starwars", "whatever", "default", "secret", "kpush", "scheduler",
        "xxljob", "test", "temp", "guest", "user",
    ]
}
