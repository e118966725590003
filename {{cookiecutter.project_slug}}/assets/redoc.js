// ReDoc has no option to leave out its makers' logo, which comes from another site: its images stay empty.
Object.defineProperty(HTMLImageElement.prototype, "src", { set() { this.alt = ""; } });
HTMLImageElement.prototype.setAttribute = function (name, value) {
  if (name !== "src") Element.prototype.setAttribute.call(this, name, value);
};
