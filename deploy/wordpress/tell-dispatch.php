<?php
/**
 * Plugin Name: Tell Dispatch
 * Description: Tells Dispatch that a post was published, changed or taken back: its number, and nothing else. Dispatch then asks the REST API.
 * Version: 1
 * Requires at least: 5.6
 * Requires PHP: 7.4
 * License: Apache-2.0
 *
 * One file: put it into wp-content/mu-plugins/, and into wp-config.php the two lines that `dispatch source add wordpress` leads to:
 *
 *     define('DISPATCH_HOOK', 'https://dispatch.example.org/hooks/site');
 *     define('DISPATCH_TOKEN', 'the secret that was shown once');
 */

defined('ABSPATH') || exit;

// Last of all hooks of a save (WordPress 5.6): terms and picture are in place when Dispatch asks. Scheduled posts come by here, too.
add_action('wp_after_insert_post', function ($number, $post, $is_update, $before) {
    $statuses = array($post->post_status, $before ? $before->post_status : '');
    if ('post' === $post->post_type && in_array('publish', $statuses, true)) {
        tell_dispatch($number);
    }
}, 10, 4);

// Deleted for good without the trash in between.
add_action('after_delete_post', function ($number, $post) {
    if ('post' === $post->post_type && 'publish' === $post->post_status) {
        tell_dispatch($number);
    }
}, 10, 2);

function tell_dispatch($number)
{
    if (!defined('DISPATCH_HOOK') || !defined('DISPATCH_TOKEN')) {
        return;
    }
    $answer = wp_remote_post(DISPATCH_HOOK, array(
        'timeout' => 5,  // an editor waits no longer; Dispatch also asks every five minutes what it was not told
        'redirection' => 0,
        'headers' => array('Content-Type' => 'application/json', 'X-Dispatch-Token' => DISPATCH_TOKEN),
        // Dispatch knows a repeated delivery by its body: the moment makes each one of its own.
        'body' => wp_json_encode(array('post_id' => $number, 'at' => microtime(true))),
    ));
    $status = is_wp_error($answer) ? $answer->get_error_message() : wp_remote_retrieve_response_code($answer);
    if (202 !== $status) {
        error_log("Dispatch was not told of post $number: $status");
    }
}
