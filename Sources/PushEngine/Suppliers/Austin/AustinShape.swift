/// How a supplier's accounts look on austin, which keeps each as the text of a JSON object beside the number of its
/// channel.
///
/// Fields that have the same name there and here need no word.
package struct AustinShape: Sendable {
    /// What austin calls the supplier where its channel has several: its script first, then its number and its name.
    let names: [String]
    /// Reads the fields that are called or spelt otherwise there.
    let read: @Sendable (inout AustinFields) throws(CatalogueFault) -> Void

    package init(
        names: [String] = [],
        read: @escaping @Sendable (inout AustinFields) throws(CatalogueFault) -> Void = { _ in }
    ) {
        self.names = names
        self.read = read
    }

    /// Whether austin calls the supplier so.
    func has(_ name: String) -> Bool { names.contains { $0.lowercased() == name.lowercased() } }
}
