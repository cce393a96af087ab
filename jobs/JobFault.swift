/// Why a built-in job cannot do its work, in words for whoever reads its run.
struct JobFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
