# ruby formula.rb FORMULA DIRECTORY macos|linux arm|intel
#
# Loads a formula as Homebrew would on such a machine, installs what is in the
# directory of an unpacked archive, and prints as JSON what it has found out.
require "json"

$formula, $directory, $os, $processor = ARGV
$places = []

class Formula
  class << self
    def facts = @facts ||= {}
    %i[desc homepage license version url sha256].each do |fact|
      define_method(fact) { |value| facts[fact] = value }
    end
    { on_macos: "macos", on_linux: "linux" }.each { |name, os| define_method(name) { |&block| block.call if os == $os } }
    { on_arm: "arm", on_intel: "intel" }.each { |name, processor| define_method(name) { |&block| block.call if processor == $processor } }
    def test = nil
  end

  Place = Struct.new(:name) do
    def install(what)
      sources = what.is_a?(Hash) ? what.keys : Array(what)
      raise "nothing for #{name}" if sources.empty?
      sources.each { |source| raise "no #{source}" unless File.file?(source) }
      $places << name
    end
  end
  %w[bin man1 bash_completion fish_completion zsh_completion].each do |name|
    define_method(name) { Place.new(name) }
  end
end

load $formula
Dir.chdir($directory) { DockerCredentialAcr.new.install }
puts JSON.generate(DockerCredentialAcr.facts.merge(places: $places))
