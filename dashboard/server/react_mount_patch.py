"""Changes that reach a part of the page while the browser is still building it."""

from __future__ import annotations

__all__ = ["KEEP_LATE_CHANGES"]

#: Panel 1.9 draws a part with React in three steps: it builds the views of what the part holds,
#: lets React render it with the values of that moment, and begins to listen in an effect, after
#: the first paint. What changes in between changes the model and nothing on the screen: a list
#: that was filled stays empty, a figure that came stays away, for good. So each of the three looks
#: once more when it begins to listen. React draws nothing where nothing has changed.
KEEP_LATE_CHANGES = """
(() => {
  const Component = Bokeh.Models.get("panel.models.esm.ReactComponent");
  const View = Component.prototype.default_view;
  const {connect_signals, on_child_render} = View.prototype;
  const {watch} = Component.prototype;
  View.prototype.connect_signals = function () {
    connect_signals.call(this);
    if (this.child_models.some((model) => !this._child_views.has(model))) this.update_children();
  };
  View.prototype.on_child_render = function (child, callback) {
    on_child_render.call(this, child, callback);
    callback([]);
  };
  Component.prototype.watch = function (view, prop, callback, force) {
    watch.call(this, view, prop, callback, force);
    if (force) callback();
  };
})();
"""
